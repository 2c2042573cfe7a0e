//! Pushes the template in a directory, as `coder templates push` does: uploads its files, shows the
//! log of their import, and makes the new version active.
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! cargo run -p coder-backstage-examples --bin push_template -- devcontainers examples/template
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use coder_client::operations::UploadFile;
use coder_client::{Client, PushTemplate};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(directory)) = (arguments.next(), arguments.next()) else {
        return Err("which template, and which directory has its files?".into());
    };
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_dir_all(".", directory)?;
    let files = UploadFile::tar(archive.into_inner()?);

    let client = Client::from_env()?;
    let push = PushTemplate::new(name, files).message("pushed by a program");
    let pushed = push.run(&client, |progress| println!("{progress}")).await?;
    println!("{} of {} is active", pushed.version.name, pushed.template.name);
    Ok(())
}
