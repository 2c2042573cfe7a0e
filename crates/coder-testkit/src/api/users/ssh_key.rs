//! `/api/v2/users/{user}/gitsshkey`: the key with which a user's workspaces sign in to Git hosts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::api::{Open, first};
use crate::model::SshKey;
use crate::store::Deployment;
use crate::wire::call::Call;
use crate::wire::reply::{Answer, Reply};

/// The name of the key's algorithm (RFC 8709 §3).
const ALGORITHM: &str = "ssh-ed25519";

/// Answers `GET …/gitsshkey` for the user in person and for owners.
pub(crate) fn ssh_key(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, first(open))?;
    let key = match deployment.state.ssh_keys.get(&user.id) {
        Some(key) => key.clone(),
        // Coder makes the key with the user; the fake makes it when somebody asks.
        None => deployment.new_ssh_key(user.created_at),
    };
    let json = key.json(user.id);
    deployment.state.ssh_keys.insert(user.id, key);
    Ok(Reply::ok(&json))
}

/// Answers `PUT …/gitsshkey` with a new key.
pub(crate) fn new_ssh_key(deployment: &mut Deployment<'_>, call: &Call, open: &Open<'_>) -> Answer {
    let caller = deployment.authenticate(call)?;
    let user = deployment.visible_user(&caller, first(open))?;
    let key = SshKey { updated_at: deployment.now, ..deployment.new_ssh_key(user.created_at) };
    let json = key.json(user.id);
    deployment.state.ssh_keys.insert(user.id, key);
    Ok(Reply::ok(&json))
}

impl Deployment<'_> {
    /// Makes a public key in the form of `authorized_keys`. No private key belongs to it.
    fn new_ssh_key(&self, created_at: Timestamp) -> SshKey {
        let point = self.mint().text(32);
        let parts = [ALGORITHM.as_bytes(), point.as_bytes()];
        let blob: Vec<u8> = parts
            .into_iter()
            .flat_map(|part| {
                let length = u32::try_from(part.len()).unwrap_or_default().to_be_bytes();
                length.into_iter().chain(part.iter().copied())
            })
            .collect();
        let public_key = format!("{ALGORITHM} {}\n", STANDARD.encode(blob));
        SshKey { public_key, created_at, updated_at: created_at }
    }
}
