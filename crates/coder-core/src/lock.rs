//! A mutex that a panic does not poison.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A [`Mutex`] whose [`lock`](Self::lock) cannot fail.
///
/// A thread that panics while it holds the lock leaves the value as it is. Use it where each change
/// of the value is complete in one statement, and for short sections without an `await`.
#[derive(Default)]
pub struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    /// Creates an unlocked value.
    pub const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Waits until no other thread holds the lock, and takes it.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the value out of the lock.
    pub fn into_inner(self) -> T {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Lock<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Lock(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn a_panic_under_the_lock_leaves_the_value_readable() {
        let lock = Arc::new(Lock::new(1));
        let holder = Arc::clone(&lock);
        let panicked = thread::spawn(move || {
            *holder.lock() = 2;
            let _guard = holder.lock();
            panic!("while the lock is held");
        })
        .join();
        assert!(panicked.is_err());
        assert_eq!(*lock.lock(), 2);
    }
}
