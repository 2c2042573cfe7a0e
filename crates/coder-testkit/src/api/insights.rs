//! `/api/v2/insights`: who uses what. Nobody uses the workspaces of the fake, so the reports are
//! empty.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Open;
use crate::json::Json as _;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::input::{Query, parse_time};
use crate::wire::reply::{Answer, Reply};

/// The apps that Coder has itself: slug, name and icon.
const BUILTIN_APPS: [(&str, &str, &str); 4] = [
    ("vscode", "Visual Studio Code", "/icon/code.svg"),
    ("jetbrains", "JetBrains", "/icon/intellij.svg"),
    ("reconnecting-pty", "Web Terminal", "/icon/terminal.svg"),
    ("ssh", "SSH", "/icon/terminal.svg"),
];

const INVALID: &str = "Query parameter has invalid value.";

/// Answers `GET …/daus` for owners.
pub(crate) fn daily_users(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    if !deployment.authenticate(call)?.user.owner {
        return Err(Reply::forbidden());
    }
    Ok(Reply::ok(&json!({ "entries": [], "tz_hour_offset": 0 })))
}

/// Answers `GET …/user-status-counts` for owners.
pub(crate) fn status_counts(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    if !deployment.authenticate(call)?.user.owner {
        return Err(Reply::forbidden());
    }
    let statuses = ["active", "dormant", "suspended"].map(|status| (status, json!([])));
    Ok(Reply::ok(&json!({ "status_counts": BTreeMap::from(statuses) })))
}

/// Answers `GET …/user-activity` for owners.
pub(crate) fn activity(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let mut report = span(deployment, call, &[])?;
    report.set("users", json!([]));
    Ok(Reply::ok(&json!({ "report": report })))
}

/// Answers `GET …/user-latency` for owners.
pub(crate) fn latency(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    activity(deployment, call, open)
}

/// Answers `GET …/templates` for owners.
pub(crate) fn templates(deployment: &mut Deployment<'_>, call: &Call, _: &Open<'_>) -> Answer {
    let mut report = span(deployment, call, &["interval"])?;
    let apps = BUILTIN_APPS.map(|(slug, name, icon)| {
        json!({
            "template_ids": [],
            "type": "builtin",
            "display_name": name,
            "slug": slug,
            "icon": icon,
            "seconds": 0,
            "times_used": 0,
        })
    });
    report.set("active_users", 0);
    report.set("apps_usage", json!(apps));
    report.set("parameters_usage", json!([]));
    Ok(Reply::ok(&json!({ "report": report, "interval_reports": [] })))
}

/// Reads the span of time, and returns the beginning of the report about it.
///
/// # Errors
///
/// 404 for members, and 400 for a moment that is no full hour or in the future.
fn span(
    deployment: &mut Deployment<'_>,
    call: &Call,
    others: &[&'static str],
) -> Result<Value, Reply> {
    let caller = deployment.authenticate(call)?;
    let mut query = Query::new(call);
    query.require("start_time");
    query.require("end_time");
    let [start, end] = ["start_time", "end_time"].map(|name| (name, query.text(name)));
    query.text("template_ids");
    for name in others {
        query.text(name);
    }
    query.refuse_others();
    query.finish("Query parameters have invalid values.")?;
    let begins_at = moment(deployment, start)?;
    let ends_at = moment(deployment, end)?;
    if ends_at < begins_at {
        let reason = "Query param \"end_time\" must be after than \"start_time\"";
        return Err(Reply::invalid(StatusCode::BAD_REQUEST, INVALID, [("end_time", reason)]));
    }
    if !caller.user.owner {
        return Err(Reply::not_found());
    }
    Ok(json!({ "start_time": start.1, "end_time": end.1, "template_ids": [] }))
}

fn moment(deployment: &Deployment<'_>, (name, text): (&str, &str)) -> Result<Timestamp, Reply> {
    const HOUR: i64 = 3600;
    let invalid = |reason: String| {
        let reason = format!("Query param \"{name}\" {reason}");
        Reply::invalid(StatusCode::BAD_REQUEST, INVALID, [(name, reason)])
    };
    let moment: Timestamp = parse_time(text).map_err(|reason| {
        invalid(format!("must be a valid date format (2006-01-02T15:04:05Z07:00): {reason}"))
    })?;
    let next_hour = (deployment.now.as_second() / HOUR + 1) * HOUR;
    if moment.as_second() > next_hour {
        return Err(invalid("must not be in the future".to_owned()));
    }
    if moment.as_second() % HOUR != 0 {
        return Err(invalid("must have the clock set to a full hour".to_owned()));
    }
    Ok(moment)
}
