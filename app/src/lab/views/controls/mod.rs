//! What the reader sets.

pub mod setting_control;

pub mod dial;

pub mod settings_panel;

pub mod class_link;
