//! Reproducers as programs that play them by themselves, for those who have no kernelcheck.
//!
//! | file | what it does |
//! |---|---|
//! | `python` | a script for Python and pyzmq: the plan as calls, and what all scripts share (`replay.py`) |
//! | `tell` | by what a script can tell whether the finding shows |
//! | `want` | the same for values of messages |
//! | `literal` | values as Python spells them; a plan may be anybody's, and none of it becomes code |

mod literal;
mod python;
mod tell;
mod want;

pub use python::{ExportError, python};
