//! The page's program; all of it is in [`rote::lab`].

fn main() {
    console_error_panic_hook::set_once();
    rote::lab::start();
}
