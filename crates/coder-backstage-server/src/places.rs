//! The places for connections: a number of them, of which the quiet ones give way.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coder_core::Lock;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

/// The time after which a connection without a request may lose its place. Its last answer has left
/// by then.
const QUIET: Duration = Duration::from_secs(2);
/// The time between two looks for a connection that may give way.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// The places for the connections of a server. Cheap to clone.
///
/// Anybody can open connections and send nothing. So when all places are taken and somebody waits,
/// the connection that has been quiet for the longest time gives way.
#[derive(Clone)]
pub(crate) struct Places {
    free: Arc<Semaphore>,
    taken: Arc<Lock<HashMap<u64, Arc<Seat>>>>,
    last: Arc<AtomicU64>,
}

/// The place of one connection. It is free again when this is dropped.
pub(crate) struct Place {
    number: u64,
    seat: Arc<Seat>,
    places: Places,
    _free: OwnedSemaphorePermit,
}

/// The activity of one connection.
pub(crate) struct Seat {
    activity: Lock<Activity>,
    leave: Notify,
}

struct Activity {
    /// Number of requests under way.
    requests: u32,
    /// Moment at which a request ended or bytes of an answer were taken.
    last: Instant,
}

/// A request under way. It ends when this is dropped.
pub(crate) struct UnderWay(Arc<Seat>);

impl Places {
    pub(crate) fn new(number: NonZeroUsize) -> Self {
        let free = Arc::new(Semaphore::new(number.get()));
        Self { free, taken: Arc::default(), last: Arc::default() }
    }

    /// Waits for a free place, and takes it.
    pub(crate) async fn take(&self) -> Place {
        loop {
            let free = Arc::clone(&self.free).acquire_owned();
            if let Ok(Ok(free)) = timeout(LOOK_AGAIN, free).await {
                let number = self.last.fetch_add(1, Ordering::Relaxed);
                let activity = Activity { requests: 0, last: Instant::now() };
                let seat = Arc::new(Seat { activity: Lock::new(activity), leave: Notify::new() });
                self.taken.lock().insert(number, Arc::clone(&seat));
                return Place { number, seat, places: self.clone(), _free: free };
            }
            self.make_room();
        }
    }

    fn make_room(&self) {
        let taken = self.taken.lock();
        let quiet = taken.values().filter_map(|seat| Some((seat.quiet_since()?, seat)));
        if let Some((_, seat)) = quiet.min_by_key(|(since, _)| *since) {
            seat.leave.notify_one();
        }
    }
}

impl Place {
    pub(crate) fn seat(&self) -> Arc<Seat> {
        Arc::clone(&self.seat)
    }

    /// Ends when the connection is quiet and has to give way.
    pub(crate) async fn given_up(&self) {
        loop {
            self.seat.leave.notified().await;
            // A request may have come meanwhile.
            if self.seat.quiet_since().is_some() {
                return;
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.lock().remove(&self.number);
    }
}

impl Seat {
    /// Notes a request, until the value is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> UnderWay {
        self.activity.lock().requests += 1;
        UnderWay(Arc::clone(self))
    }

    /// Notes that bytes of an answer were taken.
    pub(crate) fn touch(&self) {
        self.activity.lock().last = Instant::now();
    }

    /// Returns the last activity of a connection that may give way.
    fn quiet_since(&self) -> Option<Instant> {
        let Activity { requests, last } = *self.activity.lock();
        (requests == 0 && last.elapsed() >= QUIET).then_some(last)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut activity = self.0.activity.lock();
        activity.requests = activity.requests.saturating_sub(1);
        activity.last = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Places {
        Places::new(NonZeroUsize::new(2).unwrap())
    }

    // The paused clock moves on as soon as nobody has anything to do.
    #[tokio::test(start_paused = true)]
    async fn the_connection_that_was_quiet_for_the_longest_time_gives_way() {
        let places = two();
        let older = places.take().await;
        tokio::time::advance(QUIET).await;
        let newer = places.take().await;
        let waiting = tokio::spawn({
            let places = places.clone();
            async move { drop(places.take().await) }
        });
        tokio::select! {
            () = older.given_up() => drop(older),
            () = newer.given_up() => panic!("it was quiet for a shorter time"),
        }
        waiting.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn no_connection_gives_way_that_has_a_request_or_while_there_is_room() {
        let places = two();
        let (busy, quiet) = (places.take().await, places.take().await);
        let _request = busy.seat().begin();
        tokio::time::advance(QUIET * 2).await;
        assert!(timeout(QUIET, quiet.given_up()).await.is_err(), "nobody waits");
        drop(quiet);
        let _taken = places.take().await;
        let waiting = timeout(QUIET / 2, places.take());
        let gone = timeout(QUIET / 2, busy.given_up());
        let (waiting, gone) = tokio::join!(waiting, gone);
        assert!(waiting.is_err() && gone.is_err());
    }
}
