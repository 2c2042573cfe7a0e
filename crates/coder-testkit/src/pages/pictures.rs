//! The pictures that templates and apps refer to: one for all.

use http::StatusCode;

use crate::wire::reply::Reply;

const ICON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 24 24\" \
                    role=\"img\" aria-label=\"\"><rect width=\"24\" height=\"24\" rx=\"5\" \
                    fill=\"#0b63ce\"/><path d=\"M8 8l-4 4 4 4M16 8l4 4-4 4M13.5 6l-3 12\" \
                    fill=\"none\" stroke=\"#fff\" stroke-width=\"2\" stroke-linecap=\"round\" \
                    stroke-linejoin=\"round\"/></svg>";

const BUTTON: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"138\" height=\"32\" \
                      role=\"img\" aria-label=\"Open in Coder\"><rect width=\"138\" \
                      height=\"32\" rx=\"6\" fill=\"#18212f\"/><text x=\"69\" y=\"21\" \
                      fill=\"#fff\" font-family=\"sans-serif\" font-size=\"14\" \
                      text-anchor=\"middle\">Open in Coder</text></svg>";

/// Answers every request for `/icon/*` and `/emojis/*`.
pub(crate) fn icon() -> Reply {
    svg(ICON)
}

/// Answers every request for `/open-in-coder.svg`.
pub(crate) fn button() -> Reply {
    svg(BUTTON)
}

fn svg(picture: &str) -> Reply {
    Reply::text(StatusCode::OK, picture).replacing("content-type", "image/svg+xml")
}
