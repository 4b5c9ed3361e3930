//! Contexts as a list of shared nodes: entering one allocates a node, keeping one counts a reference.

use std::{
    cell::RefCell,
    hint::black_box,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

pub struct Node {
    parent: Option<Handle>,
    tags: Mutex<Vec<(&'static str, String)>>,
}

pub type Handle = Arc<Node>;

thread_local!(static CURRENT: RefCell<Option<Handle>> = const { RefCell::new(None) });

/// Leaves, when it is dropped, what was entered last.
pub struct Scope;

pub fn enter() -> Scope {
    CURRENT.with_borrow_mut(|current| {
        let (parent, tags) = (current.take(), Mutex::default());
        *current = Some(Arc::new(Node { parent, tags }));
    });
    Scope
}

impl Drop for Scope {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| {
            let left = current.take();
            *current = left.as_ref().and_then(|left| left.parent.clone());
        });
    }
}

pub fn tag(key: &'static str, value: &str) {
    CURRENT.with_borrow(|current| {
        if let Some(node) = current {
            let mut tags = node.tags.lock().unwrap_or_else(PoisonError::into_inner);
            tags.push((key, value.to_owned()));
        }
    });
}

pub fn current() -> Option<Handle> {
    CURRENT.with_borrow(Clone::clone)
}

/// Puts that context in place of the current one, and back, when it is dropped.
pub struct Attached(Option<Handle>);

pub fn attach(handle: Option<Handle>) -> Attached {
    Attached(CURRENT.with_borrow_mut(|current| mem::replace(current, handle)))
}

impl Drop for Attached {
    fn drop(&mut self) {
        CURRENT.with_borrow_mut(|current| *current = self.0.take());
    }
}

/// Visits the merged tags, innermost first, and counts them. Nothing is copied.
pub fn visit() -> usize {
    CURRENT.with_borrow(|current| {
        let mut seen = [""; 32];
        let mut count = 0;
        let mut next = current.as_ref();
        while let Some(node) = next {
            let tags = node.tags.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, value) in tags.iter().rev() {
                if !seen[..count].contains(key) {
                    seen[count] = key;
                    count += 1;
                    black_box((key, value));
                }
            }
            next = node.parent.as_ref();
        }
        count
    })
}
