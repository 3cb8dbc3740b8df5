//! The console from outside: its router in process, and its pages in a real browser.

#![cfg(test)]

mod chromium;
mod forms;
mod headers;
mod journeys;
mod login;
mod markup;
mod pages;
mod sample;
mod visitor;
