//! Work on parts of a slice, on all threads where there are threads. Parts are cut by what they hold, never by the
//! number of threads, so results do not depend on it.

/// Calls `work(number, part)` for each part of `length` numbers of `whole`; the last may be shorter.
pub(super) fn for_each_part(whole: &mut [f32], length: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
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
