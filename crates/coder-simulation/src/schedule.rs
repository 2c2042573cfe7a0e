//! Running one schedule: the plan's actions, then rest, then the checks at rest.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::browser::Browser;
use crate::choices::Choices;
use crate::ledger::{Breach, Ledger};
use crate::names;
use crate::person::Person;
use crate::plan::{Action, Plan};
use crate::portal::{House, SetupError, Storage};
use crate::rule::Rule;
use crate::rules;
use crate::scheduler::{self, Time};

/// The portal gives up a login that takes longer, in seconds of its clock.
const LOGIN_WITHIN: i64 = 5 * 60;

/// How a schedule ended.
#[derive(Debug)]
pub struct Outcome {
    /// The rules that did not hold.
    pub breaches: Vec<Breach>,
    /// The story: actions and answers, in order. It is empty unless it was asked for.
    pub story: Vec<String>,
    /// How often what happened.
    pub counts: BTreeMap<&'static str, u64>,
}

/// Runs the plan on this store, and keeps its story if it `is_told`.
pub(crate) fn run(plan: &Plan, storage: Storage, is_told: bool) -> Result<Outcome, SetupError> {
    let time = Time::default();
    let ledger = Ledger::new(time.clone(), is_told);
    let house = House::new(plan.clone(), time.clone(), ledger.clone(), storage)?;
    let browsers: Vec<_> =
        (0..plan.browsers).map(|number| Browser::new(number, house.clone())).collect();
    time.spawn(House::outside(), Box::pin(direct(house.clone(), browsers)));
    let after_step = || {
        rules::every_pair_is_attended(&ledger, &time, |coder, token| {
            house.coders.get(coder).is_some_and(|coder| coder.is_live(token))
        })
    };
    let rest = scheduler::run(&time, Choices::new(plan.seed, 2), after_step);
    let (is_done, asking) = {
        let book = ledger.book();
        (book.counts.contains_key("schedules at rest"), book.asking)
    };
    if rest.is_err() {
        ledger.breach(Rule::Bound, "the schedule never comes to rest");
    } else if !is_done || asking > 0 {
        ledger.breach(Rule::Bound, "somebody waits for ever");
    }
    let mut book = ledger.book();
    Ok(Outcome {
        breaches: std::mem::take(&mut book.breaches),
        story: std::mem::take(&mut book.story),
        counts: std::mem::take(&mut book.counts),
    })
}

/// Plays the plan, waits until all is quiet, and looks at what is left.
async fn direct(house: Arc<House>, browsers: Vec<Arc<Browser>>) {
    for item in house.plan.items.clone() {
        for _ in 0..item.turns {
            house.time.turn().await;
        }
        act(&house, &browsers, item.action).await;
    }
    house.time.sleep(Duration::from_secs(120)).await;
    house.ledger.tell(|| "nothing goes wrong any more".to_owned());
    {
        let mut book = house.ledger.book();
        book.healed = true;
        book.suspended.clear();
    }
    for user in 0..2 {
        for (coder, fake) in house.coders.iter().enumerate() {
            if let Some(user) = house.user(coder, user) {
                fake.activate(user);
            }
        }
    }
    sweep_for_a_while(&house).await;
    look(&house, &browsers).await;
    house.ledger.tell(|| "a month passes at the portal".to_owned());
    house.time.jump(SignedDuration::from_hours(31 * 24));
    sweep_for_a_while(&house).await;
    rules::no_pair_outlives_its_sessions(&house.ledger, |coder, token| {
        house.coders.get(coder).is_some_and(|coder| coder.is_live(token))
    });
    house.ledger.count("schedules at rest");
}

/// Sweeps in five rounds, five minutes apart: all replicas at once, then one of them.
async fn sweep_for_a_while(house: &Arc<House>) {
    for round in 0..5 {
        let replicas = if round == 0 { house.plan.replicas } else { 1 };
        (0..replicas).for_each(|replica| house.sweep(replica));
        house.time.sleep(Duration::from_secs(300)).await;
    }
}

/// Checks the rules at rest.
async fn look(house: &Arc<House>, browsers: &[Arc<Browser>]) {
    let held = house.held().await;
    rules::every_pair_is_held(&house.ledger, &held, |coder, token| {
        house.coders.get(coder).is_some_and(|coder| coder.is_live(token))
    });
    for browser in browsers {
        for cookie in browser.former() {
            browser.refresh_with(cookie).await;
        }
    }
    let retired: Vec<String> = house.ledger.book().retired.iter().cloned().collect();
    if let Some(browser) = browsers.first() {
        for cookie in retired {
            browser.refresh_with(cookie).await;
        }
    }
    // Where a refresh token dies with its access token, nobody could rotate in time.
    let has_expired = !house.plan.revokes_pairs()
        && house.time.elapsed() >= Duration::from_secs(house.plan.session_lifetime);
    for browser in browsers {
        let Some(session) = browser.session() else { continue };
        let (owner, was_retired) = {
            let book = house.ledger.book();
            (book.sessions.get(&session).copied(), book.retired.contains(&session))
        };
        let Some(status) = browser.refresh().await else { continue };
        if status == 200 {
            browser.look_at_links().await;
        }
        if let Some(owner) = owner
            && !was_retired
            && !browser.is_uncertain()
            && !has_expired
        {
            let who = format!("browser {}", browser.number);
            rules::still_signed_in(&house.ledger, &who, owner, status);
        }
    }
}

async fn act(house: &Arc<House>, browsers: &[Arc<Browser>], action: Action) {
    let ledger = &house.ledger;
    let spawn = |work: coder_core::BoxFuture<'static, ()>| house.time.spawn(House::outside(), work);
    let browser = |number: usize| browsers.get(number).cloned();
    match action {
        Action::SignIn { browser: number, user, environment } => {
            let Some(browser) = browser(number) else { return };
            spawn(Box::pin(async move { browser.sign_in(user, environment).await }));
        }
        Action::Refresh { browser: number } => {
            let Some(browser) = browser(number) else { return };
            spawn(Box::pin(async move {
                browser.refresh().await;
            }));
        }
        Action::Use { browser: number, by, environment, what } => {
            let Some(browser) = browser(number) else { return };
            spawn(Box::pin(async move { browser.use_portal(by, environment, what).await }));
        }
        Action::LogOut { browser: number } => {
            let Some(browser) = browser(number) else { return };
            spawn(Box::pin(async move { browser.log_out().await }));
        }
        Action::Close { browser: number } => {
            if let Some(browser) = browser(number) {
                browser.close();
            }
        }
        Action::ShowOldCookie { browser: number } => {
            let Some(browser) = browser(number) else { return };
            let Some(cookie) = browser.former().pop() else { return };
            spawn(Box::pin(async move {
                browser.refresh_with(cookie).await;
            }));
        }
        Action::Suspend { user } => {
            ledger.book().suspended.insert(user);
            administer(house, user, "suspends", |coder, user| coder.suspend(user));
        }
        Action::Activate { user } => {
            ledger.book().suspended.remove(&user);
            administer(house, user, "activates", |coder, user| coder.activate(user));
        }
        Action::RevokeAll { user } => {
            (0..house.plan.deployments).for_each(|coder| ledger.may_be_over((user, coder)));
            administer(house, user, "revokes all tokens of", |_, _| ());
            house.revoke_all(user);
        }
        Action::DeleteSecret => {
            ledger.tell(|| "the administrator deletes the application's secret".to_owned());
            ledger.count("secrets deleted");
            let everyone = (0..house.plan.deployments).flat_map(|coder| [(0, coder), (1, coder)]);
            everyone.for_each(|person| ledger.book().may_be_over(person, u64::MAX));
            house.delete_secrets();
        }
        Action::Crash { replica } => house.crash(replica),
        Action::Stop { replica } => spawn(Box::pin(house.clone().stop(replica))),
        Action::Sweep { replica } => house.sweep(replica),
        Action::Jump { seconds } => {
            ledger.tell(|| format!("the portal's clock jumps by {seconds} s"));
            ledger.count("clock jumps");
            note_uses(house);
            house.time.jump(SignedDuration::from_secs(seconds));
            if seconds > LOGIN_WITHIN {
                ledger.may_not_finish(|_| true);
            }
            if seconds < 0 {
                set_back(house, seconds.unsigned_abs());
            }
        }
        Action::Wait { seconds } => house.time.sleep(Duration::from_secs(seconds)).await,
    }
}

/// Notes the uses of sessions: a request that is under way may use its session at this very moment,
/// whoever makes it.
fn note_uses(house: &House) {
    let now = house.time.clock_of_portal().now();
    let mut book = house.ledger.book();
    if book.asking > 0 {
        book.used_at.values_mut().for_each(|at| *at = now.max(*at));
    }
}

/// Sets the portal's clock back. A time of the future is an unknown one: sessions that were used
/// then count as old.
fn set_back(house: &House, seconds: u64) {
    let now = house.time.clock_of_portal().now();
    let mut book = house.ledger.book();
    book.back += Duration::from_secs(seconds);
    let is_ahead = |used_at: &Timestamp| used_at.duration_since(now) > SignedDuration::from_mins(1);
    let people: Vec<Person> =
        book.used_at.iter().filter(|(_, at)| is_ahead(at)).map(|(person, _)| *person).collect();
    let step = house.time.step();
    people.into_iter().for_each(|person| book.may_be_over(person, step));
}

fn administer(
    house: &House,
    user: usize,
    what: &'static str,
    act: impl Fn(&coder_testkit::FakeCoder, &coder_testkit::FakeUser),
) {
    house.ledger.tell(|| format!("the administrator {what} {}", names::user_name(user)));
    house.ledger.count("acts of the administrator");
    // A suspended person's tokens come back to life; until then the portal refuses them.
    for (number, coder) in house.coders.iter().enumerate() {
        if let Some(user) = house.user(number, user) {
            act(coder, user);
        }
    }
}
