//! Insights: who uses what, and how much.

use jiff::Timestamp;

use crate::TemplateId;
use crate::models::{
    DailyActiveUsers, InsightsInterval, TemplateInsights, UserActivityInsights,
    UserLatencyInsights, UserStatusCounts,
};
use crate::operation::{RequestBuilder, impl_operation, operations};

operations! {
    /// `GET /api/v2/insights/daus`: counts the users of the deployment for each day.
    #[doc(alias = "daus")]
    GetDailyActiveUsers(tz_offset: i32) = GET ["insights", "daus"]
        query { tz_offset } => DailyActiveUsers;
    /// `GET /api/v2/insights/user-status-counts`: counts the users of each status, day by day, for
    /// the last two months.
    #[doc(alias = "statistics")]
    #[derive(Default)]
    GetUserStatusCounts() = GET ["insights", "user-status-counts"]
        query {
            ;
            /// Sets the time zone of the days, like `Europe/Berlin`.
            timezone: String,
            /// Sets the offset of the days from those of UTC, in hours. Older releases than 2.36
            /// require it.
            tz_offset: i32,
        }
        => UserStatusCounts;
}

/// The span of time and the templates that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    start: Timestamp,
    end: Timestamp,
    templates: Vec<TemplateId>,
}

impl Span {
    fn request(&self, insights: &str) -> RequestBuilder {
        let templates: Vec<String> = self.templates.iter().map(ToString::to_string).collect();
        RequestBuilder::get(["insights", insights])
            .query("start_time", Some(self.start))
            .query("end_time", Some(self.end))
            .query("template_ids", (!templates.is_empty()).then(|| templates.join(",")))
    }
}

/// Declares the operations that ask for insights in a span of time.
macro_rules! insights {
    ($($(#[$meta:meta])* $name:ident = $route:literal => $output:ty;)+) => {$(
        $(#[$meta])*
        ///
        /// Coder refuses moments that are not full hours, and those in the future.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            span: Span,
        }

        impl $name {
            /// Creates the operation for the time from `start` to `end`.
            pub fn new(start: Timestamp, end: Timestamp) -> Self {
                Self { span: Span { start, end, templates: Vec::new() } }
            }

            /// Adds a template to those that are asked for, by default all.
            #[must_use]
            pub fn template(mut self, template: TemplateId) -> Self {
                self.span.templates.push(template);
                self
            }
        }

        impl_operation!($name => $output, |this| this.span.request($route));
    )+};
}

insights! {
    /// `GET /api/v2/insights/user-activity`: returns the time for which each user used workspaces.
    #[doc(alias = "usage")]
    GetUserActivity = "user-activity" => UserActivityInsights;
    /// `GET /api/v2/insights/user-latency`: returns the latency of each user's connections.
    GetUserLatency = "user-latency" => UserLatencyInsights;
}

/// `GET /api/v2/insights/templates`: returns the use of templates, apps and parameters.
///
/// Coder refuses moments that are not full hours, and those in the future; with an interval the
/// moments must begin and end whole days.
///
/// ```
/// use coder_client::jiff::{SignedDuration, Timestamp};
/// use coder_client::operations::GetTemplateInsights;
///
/// /// `midnight` is a full hour, as Coder wants it.
/// fn day_before(midnight: Timestamp) -> GetTemplateInsights {
///     GetTemplateInsights::new(midnight - SignedDuration::from_hours(24), midnight)
/// }
/// ```
#[doc(alias = "report")]
#[doc(alias = "usage")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetTemplateInsights {
    span: Span,
    interval: Option<InsightsInterval>,
}

impl GetTemplateInsights {
    /// Creates the operation for the time from `start` to `end`.
    pub fn new(start: Timestamp, end: Timestamp) -> Self {
        Self { span: Span { start, end, templates: Vec::new() }, interval: None }
    }

    /// Adds a template to those that are asked for, by default all.
    #[must_use]
    pub fn template(mut self, template: TemplateId) -> Self {
        self.span.templates.push(template);
        self
    }

    /// Asks for reports of each interval too.
    #[must_use]
    pub fn interval(self, interval: InsightsInterval) -> Self {
        Self { interval: Some(interval), ..self }
    }
}

impl_operation!(GetTemplateInsights => TemplateInsights, |this| {
    this.span.request("templates").query("interval", this.interval.as_ref())
});
