//! Managing people: status, roles, passwords, members of organizations, groups and access lists.

use crate::async_test;
use crate::door::Door;
use coder_client::models::{TemplateRole, UserStatus};
use coder_client::operations::*;
use coder_client::{Client, ClientError, OrganizationRef};
use coder_testkit::{FakeCoder, FakeUser};
use futures_util::TryStreamExt as _;

async fn opened() -> (Door, Client, FakeUser) {
    let door = Door::to(FakeCoder::builder().licensed(true).password("0ld-pass")).await;
    let root = door.coder.add_owner("root");
    let alice = door.coder.add_user("alice");
    let client = door.client(&root);
    (door, client, alice)
}

#[async_test]
async fn a_suspended_user_is_refused_until_they_are_activated() {
    let (door, owner, alice) = opened().await;
    let hers = door.client(&alice);
    let suspended = owner.send(&SuspendUser::new("alice")).await.unwrap();
    assert_eq!(suspended.status, UserStatus::Suspended);
    assert!(hers.send(&GetUser::me()).await.unwrap_err().is_unauthorized());
    let active = owner.send(&ActivateUser::new(alice.id)).await.unwrap();
    assert_eq!(active.status, UserStatus::Active);
    hers.send(&GetUser::me()).await.unwrap();
    assert!(owner.send(&SuspendUser::new("root")).await.is_err(), "nobody locks themselves out");
}

#[async_test]
async fn roles_are_those_that_were_set_last() {
    let (_door, owner, alice) = opened().await;
    let roles = owner.send(&SetUserRoles::new(alice.id, ["owner", "auditor"])).await.unwrap().roles;
    let names: Vec<_> = roles.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["owner", "auditor"]);
    owner.send(&SetUserRoles::new("alice", ["template-admin"])).await.unwrap();
    let roles = owner.send(&GetUserRoles::new("alice")).await.unwrap();
    assert_eq!(roles.roles, ["template-admin"]);
    let unknown = owner.send(&SetUserRoles::new("alice", ["king"])).await.unwrap_err();
    assert!(unknown.to_string().contains("king"), "{unknown}");
    let all = owner.send(&ListSiteRoles).await.unwrap();
    assert!(all.iter().any(|role| role.name == "template-admin" && role.assignable));
}

#[async_test]
async fn users_tell_their_old_password_to_change_it_and_owners_need_not() {
    let (door, owner, alice) = opened().await;
    let hers = door.client(&alice);
    let wrong = SetPassword::new("me", "n3w-pass").old_password("guessed");
    assert!(hers.send(&wrong).await.is_err());
    hers.send(&SetPassword::new("me", "n3w-pass").old_password("0ld-pass")).await.unwrap();
    let login = |password: &str| LoginWithPassword::new(&alice.email, password.into());
    door.visitor().send(&login("n3w-pass")).await.unwrap();
    owner.send(&SetPassword::new("alice", "third-pass")).await.unwrap();
    door.visitor().send(&login("third-pass")).await.unwrap();
    assert!(hers.send(&GetUser::me()).await.unwrap_err().is_unauthorized(), "sessions have ended");
}

#[async_test]
async fn members_come_and_go_and_have_roles_in_their_organization() {
    let (_door, owner, alice) = opened().await;
    let default = || OrganizationRef::Default;
    let add = AddOrganizationMember::new(default(), "alice");
    assert!(owner.send(&add).await.is_err(), "she is one already");
    let roles = SetMemberRoles::new(default(), "alice", ["organization-template-admin"]);
    let membership = owner.send(&roles).await.unwrap();
    assert_eq!(membership.user_id, alice.id);
    assert_eq!(membership.roles[0].name, "organization-template-admin");
    let member = owner.send(&GetOrganizationMember::new(default(), "alice")).await.unwrap();
    assert_eq!(member.roles[0].name, "organization-template-admin");

    owner.send(&RemoveOrganizationMember::new(default(), "alice")).await.unwrap();
    let left = owner.send(&GetOrganizationMember::new(default(), "alice")).await.unwrap_err();
    assert!(left.is_not_found(), "{left}");
    assert!(owner.send(&ListUserOrganizations::new("alice")).await.unwrap().is_empty());
    let members: Vec<_> =
        owner.items(ListPaginatedMembers::new(default()), 1).try_collect().await.unwrap();
    assert!(members.iter().all(|member| member.user_id != alice.id));
    owner.send(&add).await.unwrap();
    let member = owner.send(&GetOrganizationMember::new(default(), "alice")).await.unwrap();
    assert!(member.roles.is_empty(), "her roles have gone with her");
}

#[async_test]
async fn a_group_has_the_members_that_it_was_given() {
    let (_door, owner, alice) = opened().await;
    let create = CreateGroup::new("default", "backend").display_name("Backend");
    let group = owner.send(&create).await.unwrap();
    assert!(owner.send(&create).await.unwrap_err().is_conflict());
    let group = owner.send(&UpdateGroup::new(group.id).add_user(alice.id)).await.unwrap();
    assert_eq!((&*group.members[0].username, group.total_member_count), ("alice", 1));
    let hers = owner.send(&ListGroups::new().has_member("alice")).await.unwrap();
    let names: Vec<_> = hers.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["Everyone", "backend"]);
    let lean = owner.send(&GetGroup::new(group.id).exclude_members(true)).await.unwrap();
    assert_eq!((lean.members.len(), lean.total_member_count), (0, 1));
    let page = owner.send(&ListGroupMembers::new(group.id)).await.unwrap();
    assert_eq!((page.users.len(), page.count), (1, 1));

    owner.send(&UpdateGroup::new(group.id).remove_user(alice.id)).await.unwrap();
    let named = owner.send(&GetGroupByName::new("default", "backend")).await.unwrap();
    assert!(named.members.is_empty());
    owner.send(&DeleteGroup::new(group.id)).await.unwrap();
    assert!(owner.send(&GetGroup::new(group.id)).await.unwrap_err().is_not_found());
}

#[async_test]
async fn a_template_is_for_those_whom_its_access_list_names() {
    let (door, owner, alice) = opened().await;
    let template = door.coder.add_template("internal").id();
    let hers = door.client(&alice);
    hers.send(&GetTemplate::new(template)).await.unwrap();
    let acl = owner.send(&GetTemplateAcl::new(template)).await.unwrap();
    assert_eq!((&*acl.group[0].name, &acl.group[0].role), ("Everyone", &TemplateRole::Use));

    let everyone = acl.group[0].id;
    owner.send(&ShareTemplate::new(template).remove_group(everyone)).await.unwrap();
    let hidden = hers.send(&GetTemplate::new(template)).await.unwrap_err();
    assert!(hidden.is_not_found(), "{hidden}");
    assert!(hers.send(&ListTemplates::default()).await.unwrap().is_empty());
    let create = CreateWorkspace::from_template(template, "dev".parse().unwrap());
    assert!(hers.send(&create).await.is_err());

    let team = owner.send(&CreateGroup::new("default", "team")).await.unwrap();
    owner.send(&UpdateGroup::new(team.id).add_user(alice.id)).await.unwrap();
    let share = ShareTemplate::new(template).group(team.id, TemplateRole::Use);
    owner.send(&share).await.unwrap();
    hers.send(&GetTemplate::new(template)).await.unwrap();
    hers.send(&create).await.unwrap();
    let candidates = owner.send(&ListTemplateAclCandidates::new(template)).await.unwrap();
    assert_eq!(candidates.groups.len(), 2);
}

#[async_test]
async fn groups_are_unsupported_without_a_licence() {
    let door = Door::open().await;
    let root = door.coder.add_owner("root");
    let error = door.client(&root).send(&ListGroups::new()).await.unwrap_err();
    assert!(matches!(error, ClientError::Unsupported { .. }), "{error}");
}
