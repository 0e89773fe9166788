//! Lessons on the page, and on paper.

pub mod guess_row;

pub mod worksheet;

pub mod lesson_view;
