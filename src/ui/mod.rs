//! The screen: an immutable snapshot in, effects out.
//!
//! A terminal event becomes an [`input::Input`], a key becomes an [`action::Action`] by the
//! [`keymap::Keymap`], [`update`] turns the action into a new [`state::UiState`] and
//! [`effect::Effect`]s, [`view_model::ViewModel::build`] turns snapshot and state into lines of
//! styled text, and [`render`] paints them when they differ from what is on the screen.
//! [`dashboard::Dashboard`] holds these together for `app`. Only [`terminal`] does I/O.

pub mod action;
pub mod alert_list;
pub mod asking;
pub mod causes;
pub mod columns;
pub mod command;
pub mod copying;
pub mod dashboard;
pub mod effect;
pub mod export;
pub mod filter;
pub mod form;
pub mod format;
pub mod input;
pub mod keymap;
pub mod layout;
pub mod lessons;
pub mod line;
pub mod marked;
pub mod order;
pub mod overlay;
pub mod pace;
pub mod palette;
pub mod prompt;
pub mod render;
pub mod screen_doc;
pub mod sites;
pub mod state;
pub mod terminal;
pub mod theme;
pub mod toml_error;
pub mod update;
pub mod view;
pub mod view_model;
pub mod widget;
pub mod world;
pub mod writer;
