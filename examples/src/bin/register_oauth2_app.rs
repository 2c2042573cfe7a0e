//! Registers an OAuth2 application at Coder and makes its secret. Only an owner may do this.
//!
//! ```sh
//! export CODER_URL=https://coder.example.com CODER_SESSION_TOKEN=…
//! cargo run -p coder-backstage-examples --bin register_oauth2_app -- \
//!     my-portal https://portal.example.com/callback
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use coder_client::Client;
use coder_client::operations::{CreateOAuth2App, CreateOAuth2AppSecret, OAuth2AppSettings};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(callback)) = (arguments.next(), arguments.next()) else {
        return Err("what is the application called, and where do people come back to?".into());
    };
    let client = Client::from_env()?;

    let app = client.send(&CreateOAuth2App::new(OAuth2AppSettings::new(name, callback))).await?;
    let secret = client.send(&CreateOAuth2AppSecret::new(app.id)).await?;
    println!("client id:     {}", app.id);
    // Coder tells it this once. Do not leave it in a terminal that others can see.
    println!("client secret: {}", secret.client_secret_full.expose());
    println!("authorize at:  {}", app.endpoints.authorization);
    Ok(())
}
