//! Insights: who uses what, and how much.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::ParameterOption;
use crate::reading::{model, neutral, open_enum};
use crate::{List, TemplateId, UserId};

model! {
    /// The number of users for each day: `GET /api/v2/insights/daus` and `GET
    /// /api/v2/templates/{template}/daus`.
    // coder: codersdk.DAUsResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct DailyActiveUsers {
        /// The days, in order.
        pub entries: List<ActiveUsersOfDay>,
        /// The offset of the days from those of UTC, in hours.
        pub tz_hour_offset: i64,
    }
}

model! {
    /// The number of users on a day.
    // coder: codersdk.DAUEntry
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct ActiveUsersOfDay {
        /// The day, like `2026-08-20`.
        pub date: String = required,
        /// The number of users that were active.
        pub amount: i64,
    }
}

model! {
    /// The use of templates in a span of time: `GET /api/v2/insights/templates`.
    // coder: codersdk.TemplateInsightsResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateInsights {
        /// The use in the whole span.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub report: Option<TemplateInsightsReport>,
        /// The use in each interval of the span.
        pub interval_reports: List<TemplateInsightsIntervalReport>,
    }
}

model! {
    /// The use of templates in a span of time.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateInsightsReport {
        /// The beginning of the span.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub start_time: Option<Timestamp>,
        /// The end of the span.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub end_time: Option<Timestamp>,
        /// The ids of the templates that were used.
        pub template_ids: List<TemplateId>,
        /// The number of users that were active.
        pub active_users: i64,
        /// The use of apps.
        pub apps_usage: List<TemplateAppUsage>,
        /// The use of parameters.
        pub parameters_usage: List<TemplateParameterUsage>,
    }
}

model! {
    /// The use of templates in an interval of a span of time.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateInsightsIntervalReport {
        /// The beginning of the interval.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub start_time: Option<Timestamp>,
        /// The end of the interval.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub end_time: Option<Timestamp>,
        /// The ids of the templates that were used.
        pub template_ids: List<TemplateId>,
        /// The length of the interval.
        pub interval: InsightsInterval,
        /// The number of users that were active.
        pub active_users: i64,
    }
}

model! {
    /// The use of an app.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateAppUsage {
        /// The ids of the templates whose workspaces have the app.
        pub template_ids: List<TemplateId>,
        /// The kind of the app.
        #[serde(rename = "type")]
        pub kind: TemplateAppsType,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The name of the app in URLs.
        pub slug: String = required,
        /// The icon: a path of the deployment, or a URL.
        pub icon: String,
        /// The time for which the app was used, in seconds.
        pub seconds: i64,
        /// The number of times that the app was used.
        pub times_used: i64,
    }
}

model! {
    /// The use of a parameter.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateParameterUsage {
        /// The ids of the templates that have the parameter.
        pub template_ids: List<TemplateId>,
        /// The name of the parameter.
        pub name: String = required,
        /// The name that user interfaces show.
        pub display_name: String,
        /// The type of the parameter, like `string`.
        #[serde(rename = "type")]
        pub kind: String,
        /// The description of the parameter.
        pub description: String,
        /// The values that may be chosen, if there is a choice.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub options: List<ParameterOption>,
        /// The values that were chosen.
        pub values: List<TemplateParameterValue>,
    }
}

model! {
    /// A value of a parameter, and how often it was chosen.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct TemplateParameterValue {
        /// The value that was chosen.
        pub value: String = required,
        /// The number of workspaces with the value.
        pub count: i64,
    }
}

model! {
    /// The time for which people used workspaces: `GET /api/v2/insights/user-activity`.
    // coder: codersdk.UserActivityInsightsResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserActivityInsights {
        /// The use in the span of time.
        pub report: UserActivityReport,
    }
}

model! {
    /// The time for which people used workspaces in a span of time.
    // coder: codersdk.UserActivityInsightsReport
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserActivityReport {
        /// The beginning of the span.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub start_time: Option<Timestamp>,
        /// The end of the span.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub end_time: Option<Timestamp>,
        /// The ids of the templates that were used.
        pub template_ids: List<TemplateId>,
        /// The users that were active.
        pub users: List<UserActivity>,
    }
}

model! {
    /// The time for which a user used workspaces.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserActivity {
        /// The ids of the templates that the user used.
        pub template_ids: List<TemplateId>,
        /// The id of the user.
        pub user_id: UserId = required,
        /// The username of the user.
        pub username: String,
        /// The URL of the user's picture.
        pub avatar_url: String,
        /// The time of use, in seconds.
        pub seconds: i64,
    }
}

model! {
    /// The latency of people's connections: `GET /api/v2/insights/user-latency`.
    // coder: codersdk.UserLatencyInsightsResponse
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct UserLatencyInsights {
        /// The latency in the span of time.
        pub report: UserLatencyReport,
    }
}

model! {
    /// The latency of people's connections in a span of time.
    // coder: codersdk.UserLatencyInsightsReport
    #[derive(Clone, Debug, Default, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct UserLatencyReport {
        /// The beginning of the span.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub start_time: Option<Timestamp>,
        /// The end of the span.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub end_time: Option<Timestamp>,
        /// The ids of the templates that were used.
        pub template_ids: List<TemplateId>,
        /// The users that were connected.
        pub users: List<UserLatency>,
    }
}

model! {
    /// The latency of a user's connections.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct UserLatency {
        /// The ids of the templates that the user used.
        pub template_ids: List<TemplateId>,
        /// The id of the user.
        pub user_id: UserId = required,
        /// The username of the user.
        pub username: String,
        /// The URL of the user's picture.
        pub avatar_url: String,
        /// The latency of the connections.
        pub latency_ms: UserConnectionLatency,
    }
}

model! {
    /// A latency in milliseconds.
    // coder: codersdk.ConnectionLatency
    #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
    #[non_exhaustive]
    pub struct UserConnectionLatency {
        /// The median of the latencies.
        pub p50: f64,
        /// The 95th percentile of the latencies.
        pub p95: f64,
    }
}

model! {
    /// The number of users with each status, day by day: `GET
    /// /api/v2/insights/user-status-counts`.
    // coder: codersdk.GetUserStatusCountsResponse
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserStatusCounts {
        /// The days of each status, like `active`.
        pub status_counts: BTreeMap<String, List<UserStatusCount>>,
    }
}

model! {
    /// The number of users with a status on a day.
    // coder: codersdk.UserStatusChangeCount
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
    #[non_exhaustive]
    pub struct UserStatusCount {
        /// The beginning of the day.
        pub date: Timestamp = required,
        /// The number of users.
        pub count: i64,
    }
}

neutral!(UserActivityReport, UserLatencyReport, UserConnectionLatency);

open_enum! {
    /// The length of the intervals that insights are told for.
    InsightsInterval {
        /// A day of 24 hours.
        Day = "day",
        /// A week of seven days.
        Week = "week",
    }
}

open_enum! {
    /// The kind of an app in insights.
    TemplateAppsType {
        /// An app that Coder has itself, like SSH.
        Builtin = "builtin",
        /// An app of the template.
        App = "app",
    }
}
