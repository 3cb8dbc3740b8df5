//! A gateway on loopback with a small service behind it, and phones that sign by hand.

pub(crate) mod phone;
pub(crate) mod service;
pub(crate) mod wire;
pub(crate) mod world;

pub(crate) use phone::{Key, Phone, Request};
pub(crate) use wire::{Response, Wire};
pub(crate) use world::{Setup, World};
