//! The service account of the index of workspaces: whether Coder takes its token, and whose workspaces
//! it may read.

use coder_client::operations::{CheckAuthorization, GetUser, Permission};
use coder_core::quoted;

use super::{Checkup, Finding, Question, Verdict, told};

impl Checkup<'_> {
    pub(super) async fn index(&self) -> Vec<Finding> {
        let Some(service) = self.portal.state().index.service_account() else { return Vec::new() };
        let place = self.config.index.provenance.clone();
        let finding =
            |verdict, text: String| Finding::new(Question::Index, verdict, text).place(place);
        let everybody = Permission::new("read", "workspace");
        let asked = async {
            let user = service.send(&GetUser::me()).await?;
            let may = CheckAuthorization::new().permission("read", everybody);
            let may = service.send(&may).await?;
            Ok::<_, coder_client::ClientError>((user, may.get("read") == Some(&true)))
        };
        vec![match asked.await {
            Ok((user, true)) => {
                let name = quoted(&user.username);
                finding(Verdict::Good, format!("the user {name} reads the workspaces of everybody"))
            }
            Ok((user, false)) => {
                let name = quoted(&user.username);
                let text = format!(
                    "the user {name} of `coder.index.token` may not read the workspaces of everybody, so the index holds those that this user sees"
                );
                finding(Verdict::Notice, text).remedy("use a token of a template admin")
            }
            Err(error) if error.is_unauthorized() => {
                let text = format!("Coder refuses `coder.index.token`: {}", told(&error));
                finding(Verdict::Wrong, text).remedy("set it to a token that is valid")
            }
            Err(error) => {
                let text = format!("Coder does not tell whose token it is: {}", told(&error));
                finding(Verdict::Unchecked, text)
            }
        }]
    }
}
