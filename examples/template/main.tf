# The smallest template for workspaces that Backstage opens: one container, the repository of the
# entity, and an agent.
#
# What makes it fit is the parameter `repo`: name it in `coder.workspaces.repoUrlParamKeys` of
# app-config. The portal finds workspaces by its value, and creates them with it.

terraform {
  required_providers {
    coder = {
      source  = "coder/coder"
      version = ">= 2.4.0"
    }
    docker = {
      source = "kreuzwerker/docker"
    }
  }
}

provider "docker" {}

data "coder_provisioner" "me" {}
data "coder_workspace" "me" {}
data "coder_workspace_owner" "me" {}

# Immutable: a workspace stays with the repository that it was created for.
data "coder_parameter" "repo" {
  name         = "repo"
  display_name = "Repository"
  description  = "The URL that the workspace clones."
  type         = "string"
  mutable      = false
  order        = 1
}

locals {
  # Where git-clone puts the repository: below the home directory, under the name at the end of its
  # URL.
  directory = "/home/coder/${trimsuffix(basename(data.coder_parameter.repo.value), ".git")}"
}

resource "coder_agent" "main" {
  os   = "linux"
  arch = data.coder_provisioner.me.arch
  dir  = local.directory
}

# Clones on the first start, and leaves what is there alone on each later one. It signs in with the
# account that the user has linked in Coder, or with the user's SSH key.
module "git_clone" {
  count    = data.coder_workspace.me.start_count
  source   = "registry.coder.com/coder/git-clone/coder"
  version  = "~> 1.0"
  agent_id = coder_agent.main.id
  url      = data.coder_parameter.repo.value
}

module "code_server" {
  count    = data.coder_workspace.me.start_count
  source   = "registry.coder.com/coder/code-server/coder"
  version  = "~> 1.0"
  agent_id = coder_agent.main.id
  folder   = local.directory
}

resource "docker_volume" "home" {
  name = "coder-${data.coder_workspace.me.id}-home"
  lifecycle {
    ignore_changes = all
  }
}

resource "docker_container" "workspace" {
  count      = data.coder_workspace.me.start_count
  image      = "codercom/enterprise-base:ubuntu"
  name       = "coder-${data.coder_workspace_owner.me.name}-${lower(data.coder_workspace.me.name)}"
  entrypoint = ["sh", "-c", replace(coder_agent.main.init_script, "/localhost|127\\.0\\.0\\.1/", "host.docker.internal")]
  env        = ["CODER_AGENT_TOKEN=${coder_agent.main.token}"]
  host {
    host = "host.docker.internal"
    ip   = "host-gateway"
  }
  volumes {
    container_path = "/home/coder"
    volume_name    = docker_volume.home.name
    read_only      = false
  }
}
