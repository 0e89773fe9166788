//! `cargo xtask serve`: from a checkout to the page in a browser.

use std::io;
use std::process::Command;

use crate::failure::Failure;
use crate::server::Server;
use crate::{page, paths, setup};

/// What can be said behind `serve`.
#[derive(Debug, PartialEq)]
pub struct Options {
    port: u16,
    open: bool,
}

impl Options {
    /// Reads `--port 8080 --open`.
    pub fn parse(words: &[&str]) -> Result<Self, Failure> {
        let mut options = Self { port: 8080, open: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--open" => options.open = true,
                "--port" => {
                    options.port =
                        words.next().and_then(|port| port.parse().ok()).ok_or_else(bad_port)?
                }
                word => return Err(Failure::Usage { given: format!("serve {word}") }),
            }
        }
        Ok(options)
    }
}

fn bad_port() -> Failure {
    Failure::setup(
        "`--port` takes a number from 0 (any free port) to 65535",
        "for example `--port 8080`",
    )
}

/// Builds the page and serves it until Ctrl-C.
pub fn run(options: &Options) -> Result<(), Failure> {
    let toolchain = setup::page()?;
    page::build(toolchain)?;
    let server = Server::start(paths::dist(), options.port)
        .map_err(|error| no_port(options.port, &error))?;
    let address = format!("http://localhost:{}/", server.address.port());
    if options.open && !open(&address) {
        println!("No browser could be opened from here.");
    }
    println!("Rote is served at {address} — Ctrl-C stops it");
    loop {
        std::thread::park();
    }
}

fn no_port(port: u16, error: &io::Error) -> Failure {
    let what = match error.kind() {
        io::ErrorKind::AddrInUse => format!("port {port} is in use"),
        io::ErrorKind::PermissionDenied => format!("port {port} needs more rights"),
        _ => format!("port {port} cannot be used ({error})"),
    };
    Failure::setup(what, "choose another one with `cargo xtask serve --port 8081`")
}

fn open(address: &str) -> bool {
    let (program, arguments): (_, &[&str]) = match std::env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/C", "start", ""]),
        _ => ("xdg-open", &[]),
    };
    Command::new(program).args(arguments).arg(address).spawn().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_served_on_port_8080_unless_told_otherwise() {
        assert_eq!(Options::parse(&[]).unwrap(), Options { port: 8080, open: false });
        let options = Options::parse(&["--open", "--port", "9000"]).unwrap();
        assert_eq!(options, Options { port: 9000, open: true });
    }

    #[test]
    fn a_port_that_is_no_port_is_refused_with_the_allowed_range() {
        for words in [["--port", "70000"], ["--port", "web"]] {
            assert!(
                Options::parse(&words)
                    .unwrap_err()
                    .to_string()
                    .contains("0 (any free port) to 65535")
            );
        }
        assert!(Options::parse(&["--port"]).is_err());
        assert_eq!(
            Options::parse(&["--prot"]).unwrap_err().to_string(),
            "there is no command `cargo xtask serve --prot`; `cargo xtask help` lists them"
        );
    }

    #[test]
    fn a_taken_port_is_reported_in_one_sentence_with_a_way_out() {
        let sentence = no_port(8080, &io::ErrorKind::AddrInUse.into()).to_string();
        assert_eq!(
            sentence,
            "port 8080 is in use; choose another one with `cargo xtask serve --port 8081`"
        );
    }
}
