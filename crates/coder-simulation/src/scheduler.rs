//! A single-threaded executor on virtual time: each step polls one task that the seed chooses.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use coder_core::{BoxFuture, Clock, Lock, Runtime};
use jiff::{SignedDuration, Timestamp};

use crate::choices::Choices;

/// No schedule takes more steps; one that does never comes to rest.
const MOST_STEPS: u64 = 400_000;

/// Which process a task belongs to. A restarted replica is another process.
pub(crate) type Process = u32;

/// The process of browsers and of the administrator, which never ends.
pub(crate) const OUTSIDE: Process = 0;

/// The work of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// The task answers the request of a browser's tab.
    Request { browser: usize },
    /// The core has detached the task.
    Detached,
    /// The task removes what has expired.
    Sweep,
    /// The task plays a browser, the administrator or the plan.
    Outside,
}

/// The process that a task belongs to, and its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) process: Process,
    pub(crate) work: Work,
}

/// Which tasks to drop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kill {
    /// All tasks of a process: it has crashed.
    Process(Process),
    /// The sweeper of a process: it stops.
    Sweeps(Process),
    /// The requests that a browser waits for: it was closed.
    RequestsOf(usize),
}

impl Kill {
    fn hits(self, tag: Tag) -> bool {
        match self {
            Self::Process(process) => tag.process == process,
            Self::Sweeps(process) => tag == Tag { process, work: Work::Sweep },
            Self::RequestsOf(browser) => tag.work == Work::Request { browser },
        }
    }
}

/// The state that tasks and scheduler share. It is cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Time(Arc<Lock<Core>>);

#[derive(Default)]
struct Core {
    /// Microseconds since the schedule began.
    now: u64,
    /// How far the portal's clock is off, in microseconds.
    offset: i64,
    timers: BTreeMap<(u64, u64), Waker>,
    timers_made: u64,
    spawned: Vec<(Tag, BoxFuture<'static, ()>)>,
    kills: Vec<Kill>,
    dead: Vec<Process>,
    alive: Vec<Tag>,
    steps: u64,
}

const START: Timestamp = Timestamp::constant(1_787_218_200, 0);

impl Time {
    fn core(&self) -> MutexGuard<'_, Core> {
        self.0.lock()
    }

    /// Returns how long the schedule has run, in virtual time.
    pub(crate) fn elapsed(&self) -> Duration {
        Duration::from_micros(self.core().now)
    }

    /// Sets the portal's clock forward or back.
    pub(crate) fn jump(&self, by: SignedDuration) {
        let by = i64::try_from(by.as_micros()).unwrap_or_default();
        self.core().offset += by;
    }

    fn at(&self, offset: i64) -> Timestamp {
        let now = i64::try_from(self.core().now).unwrap_or(i64::MAX);
        START + SignedDuration::from_micros(now.saturating_add(offset))
    }

    /// Returns the clock of Coder's machine, which never jumps.
    pub(crate) fn clock_of_coder(&self) -> Arc<dyn Clock> {
        let time = self.clone();
        Arc::new(move || time.at(0))
    }

    /// Returns the clock of the portal's machines.
    pub(crate) fn clock_of_portal(&self) -> Arc<dyn Clock> {
        let time = self.clone();
        Arc::new(move || {
            let offset = time.core().offset;
            time.at(offset)
        })
    }

    /// Adds a task to the schedule.
    pub(crate) fn spawn(&self, tag: Tag, task: BoxFuture<'static, ()>) {
        let mut core = self.core();
        if core.dead.contains(&tag.process) {
            drop(core);
            return;
        }
        core.alive.push(tag);
        core.spawned.push((tag, task));
    }

    /// Drops tasks before the next step.
    pub(crate) fn kill(&self, kill: Kill) {
        let mut core = self.core();
        if let Kill::Process(process) = kill {
            core.dead.push(process);
        }
        core.kills.push(kill);
    }

    /// Tells whether tasks of this process are under way that `wanted` accepts.
    pub(crate) fn is_busy(&self, process: Process, wanted: impl Fn(Work) -> bool) -> bool {
        self.core().alive.iter().any(|tag| tag.process == process && wanted(tag.work))
    }

    /// Returns the number of the step.
    pub(crate) fn step(&self) -> u64 {
        self.core().steps
    }

    /// Ends after `duration` of virtual time.
    pub(crate) fn sleep(&self, duration: Duration) -> Sleep {
        let mut core = self.core();
        core.timers_made += 1;
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let key = (core.now.saturating_add(micros), core.timers_made);
        drop(core);
        Sleep { time: self.clone(), key }
    }

    /// Lets the scheduler choose another task.
    pub(crate) async fn turn(&self) {
        let mut is_over = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut is_over, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// A pause in virtual time.
pub(crate) struct Sleep {
    time: Time,
    key: (u64, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut core = self.time.core();
        if core.now >= self.key.0 {
            return Poll::Ready(());
        }
        core.timers.insert(self.key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.time.core().timers.remove(&self.key);
    }
}

/// The runtime of one process. It counts what it was given, as `TokioRuntime` does.
pub(crate) struct ProcessRuntime {
    time: Time,
    process: Process,
    /// Each task under way holds it, too.
    tasks: Arc<()>,
}

impl ProcessRuntime {
    pub(crate) fn new(time: Time, process: Process) -> Self {
        Self { time, process, tasks: Arc::default() }
    }

    /// Counts the spawned work that is under way.
    pub(crate) fn unfinished(&self) -> usize {
        Arc::strong_count(&self.tasks) - 1
    }
}

impl Runtime for ProcessRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let held = self.tasks.clone();
        let tag = Tag { process: self.process, work: Work::Detached };
        let counted = async move {
            task.await;
            drop(held);
        };
        self.time.spawn(tag, Box::pin(counted));
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(self.time.sleep(duration))
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Task {
    tag: Tag,
    flag: Arc<Flag>,
    waker: Waker,
    future: BoxFuture<'static, ()>,
}

/// Why a schedule did not come to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Restless;

/// Runs all tasks until none is left that could go on. Tasks that wait for nothing are dropped.
pub(crate) fn run(
    time: &Time,
    mut choices: Choices,
    mut after_step: impl FnMut(),
) -> Result<(), Restless> {
    let mut tasks: Vec<Task> = Vec::new();
    loop {
        let (spawned, kills) = {
            let mut core = time.core();
            (std::mem::take(&mut core.spawned), std::mem::take(&mut core.kills))
        };
        for (tag, future) in spawned {
            let flag = Arc::new(Flag(AtomicBool::new(true)));
            tasks.push(Task { tag, waker: Waker::from(flag.clone()), flag, future });
        }
        for kill in kills {
            let (killed, left) = tasks.into_iter().partition(|task| kill.hits(task.tag));
            tasks = left;
            for task in killed {
                forget(time, task);
            }
        }
        let ready: Vec<usize> = tasks
            .iter()
            .enumerate()
            .filter(|(_, task)| task.flag.0.load(Ordering::Relaxed))
            .map(|(index, _)| index)
            .collect();
        let Some(index) = ready.get(choices.below(ready.len())).copied() else {
            if !time.core().spawned.is_empty() {
                continue;
            }
            if advance(time) {
                continue;
            }
            return Ok(());
        };
        let Some(task) = tasks.get_mut(index) else { continue };
        task.flag.0.store(false, Ordering::Relaxed);
        {
            let mut core = time.core();
            core.steps += 1;
            if core.steps > MOST_STEPS {
                return Err(Restless);
            }
        }
        let poll = task.future.as_mut().poll(&mut Context::from_waker(&task.waker));
        if poll.is_ready() {
            forget(time, tasks.swap_remove(index));
        }
        after_step();
    }
}

fn forget(time: &Time, task: Task) {
    let mut core = time.core();
    if let Some(position) = core.alive.iter().position(|tag| *tag == task.tag) {
        core.alive.swap_remove(position);
    }
    drop(core);
    drop(task);
}

/// Turns time forward to the next timer. Says whether there was one.
fn advance(time: &Time) -> bool {
    let mut core = time.core();
    let Some((&(at, _), _)) = core.timers.first_key_value() else { return false };
    core.now = core.now.max(at);
    let mut wakers = Vec::new();
    while let Some(entry) = core.timers.first_entry()
        && entry.key().0 <= at
    {
        wakers.push(entry.remove());
    }
    drop(core);
    wakers.into_iter().for_each(Waker::wake);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside() -> Tag {
        Tag { process: OUTSIDE, work: Work::Outside }
    }

    /// Returns the order in which three tasks of three turns each run.
    fn order(seed: u64) -> Vec<u8> {
        let time = Time::default();
        let order = Arc::new(Lock::new(Vec::new()));
        for name in 0..3 {
            let (time_of_task, order) = (time.clone(), order.clone());
            let task = async move {
                for _ in 0..3 {
                    order.lock().push(name);
                    time_of_task.turn().await;
                }
            };
            time.spawn(outside(), Box::pin(task));
        }
        run(&time, Choices::new(seed, 0), || ()).unwrap();
        let order = order.lock();
        order.clone()
    }

    #[test]
    fn a_seed_gives_one_order_and_another_seed_another() {
        assert_eq!(order(1), order(1));
        assert!((2..20).any(|seed| order(seed) != order(1)));
    }

    #[test]
    fn time_passes_only_when_nothing_else_can_go_on() {
        let time = Time::default();
        let slept = time.clone();
        let task = async move {
            slept.sleep(Duration::from_secs(600)).await;
            assert_eq!(slept.elapsed(), Duration::from_secs(600));
        };
        time.spawn(outside(), Box::pin(task));
        run(&time, Choices::new(1, 0), || ()).unwrap();
        assert_eq!(time.elapsed(), Duration::from_secs(600));
    }

    #[test]
    fn a_crash_drops_what_the_process_has_detached_and_lets_nothing_new_begin() {
        let time = Time::default();
        let alive = Arc::new(());
        let (held, killer) = (alive.clone(), time.clone());
        let runtime = ProcessRuntime::new(time.clone(), 7);
        runtime.spawn(Box::pin(async move {
            std::future::pending::<()>().await;
            drop(held);
        }));
        time.spawn(
            outside(),
            Box::pin(async move {
                killer.kill(Kill::Process(7));
                killer.turn().await;
                assert!(!killer.is_busy(7, |_| true));
            }),
        );
        run(&time, Choices::new(1, 0), || ()).unwrap();
        assert_eq!(Arc::strong_count(&alive), 1);
        runtime.spawn(Box::pin(async {}));
        assert!(!time.is_busy(7, |_| true));
    }

    #[test]
    fn a_task_that_always_goes_on_is_told_from_one_that_ends() {
        let time = Time::default();
        let turning = time.clone();
        time.spawn(
            outside(),
            Box::pin(async move {
                loop {
                    turning.turn().await;
                }
            }),
        );
        assert_eq!(run(&time, Choices::new(1, 0), || ()), Err(Restless));
    }
}
