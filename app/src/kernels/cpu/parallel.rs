//! Work on parts of a slice, on all threads where there are threads, and with the widest vectors there are. Parts are
//! cut by what they hold, never by the number of threads, so results do not depend on it.

use pulp::{Arch, Simd, WithSimd};

/// Calls `work(number, part)` for each part of `length` numbers of `whole`; the last may be shorter.
pub(super) fn for_each_part(
    whole: &mut [f32],
    length: usize,
    work: impl Fn(usize, &mut [f32]) + Sync,
) {
    #[cfg(feature = "native")]
    {
        use rayon::prelude::*;
        whole.par_chunks_mut(length).enumerate().for_each(|(number, part)| work(number, part));
    }
    #[cfg(not(feature = "native"))]
    whole.chunks_mut(length).enumerate().for_each(|(number, part)| work(number, part));
}

/// Calls `work(part)` for each part, and for the results too.
pub(super) fn for_each<T: Send>(parts: Vec<T>, work: impl Fn(T) + Sync + Send) {
    #[cfg(feature = "native")]
    {
        use rayon::prelude::*;
        parts.into_par_iter().for_each(work);
    }
    #[cfg(not(feature = "native"))]
    parts.into_iter().for_each(work);
}

/// How many parts are worked on at the same time.
pub(super) fn threads() -> usize {
    #[cfg(feature = "native")]
    let threads = match rayon::current_thread_index() {
        Some(_) => rayon::current_num_threads(),
        // Memory is counted before a run, and rayon would start its threads, which take some, to tell how many they
        // are.
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    #[cfg(not(feature = "native"))]
    let threads = 1;
    threads
}

/// Does plain loops compiled for the widest vectors of this processor. `work` must be `#[inline(always)]` and change
/// something it captures: then it is called as `FnMut` and becomes part of the compiled-for-vectors function.
pub(super) fn vectorized(arch: Arch, work: impl FnMut()) {
    struct Vectorized<F>(F);
    impl<F: FnMut()> WithSimd for Vectorized<F> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(mut self, _: S) {
            self.0();
        }
    }
    arch.dispatch(Vectorized(work));
}
