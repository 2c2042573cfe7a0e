//! The example of `docs/http.md` does what the document says.

use std::process::Command;
use std::sync::Arc;

use coder_core::SystemClock;
use coder_testkit::FakeCoder;

use crate::needs_node;
use crate::serving::{House, Process};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node.js 20 or newer with npm: cargo xtask test --only backstage"]
async fn the_example_of_the_documents_reads_a_stream_of_events() {
    needs_node();
    let document = include_str!("../../../../docs/http.md");
    let (_, example) = document.split_once("```js\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();

    let house = House::new(FakeCoder::builder().clock(Arc::new(SystemClock))).await;
    let alice = house.coder().add_user("alice");
    let ids = house.coder().add_workspace(&alice, "dev").create();
    let directory = tempfile::tempdir().unwrap();
    house.configure(directory.path(), "{}");
    let process = Process::start(directory.path(), |_| {});
    let (portal, token) = (process.url(""), alice.session_token.expose());
    let script = format!(
        "const portal = '{portal}', ids = '{ids}', headers = {{ 'Coder-Session-Token': '{token}' }};
        function show(event, data, id) {{
            console.log(event, data.name, data.availability, typeof id);
            process.exit(0);
        }}
        {example}"
    );
    let output =
        Command::new("node").args(["--input-type=module", "-e", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "workspace dev online string\n", "{why}");
}
