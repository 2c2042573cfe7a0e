//! What works on which release: the journeys on the fake, and the table of the documentation.

use std::fs;
use std::path::Path;

use coder_conformance::run::on_fake;
use coder_conformance::table::Table;
use coder_testkit::Version;

const BEGIN: &str = "<!-- releases: begin -->\n";
const END: &str = "<!-- releases: end -->";

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_table_says_what_works_on_which_release() {
    let mut table = Table::default();
    let running = Version::ALL.map(|version| tokio::spawn(on_fake(version)));
    for (version, taken) in Version::ALL.into_iter().zip(running) {
        table.add(version, taken.await.unwrap().unwrap());
    }
    let table = table.to_string();
    for page in ["docs/compatibility.md", "README.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
        let text = fs::read_to_string(&path).unwrap();
        let (_, rest) = text.split_once(BEGIN).unwrap_or_else(|| panic!("{page} has no table"));
        let (documented, _) = rest.split_once(END).unwrap_or_else(|| panic!("{page} has no end"));
        assert_eq!(documented, table, "{page} should say:\n{table}");
    }
}
