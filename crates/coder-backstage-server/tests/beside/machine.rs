//! A machine on which somebody follows docs/operating.md, command by command.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

const PAGE: &str = include_str!("../../../../docs/operating.md");

/// An empty directory, a shell that knows `coder-backstage`, and the variables of the server.
pub(crate) struct Machine {
    directory: TempDir,
    variables: BTreeMap<String, String>,
    /// What the page says, and what it is on this machine.
    names: Vec<(&'static str, String)>,
    server: Option<Child>,
}

impl Machine {
    pub(crate) fn new(deployment: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::fs::create_dir(path.join("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_coder-backstage"), path.join("bin/coder-backstage")).unwrap();
        std::fs::create_dir(path.join("data")).unwrap();
        let data = path.join("data").display().to_string();
        let names = vec![
            ("https://coder.example.com", deployment.to_owned()),
            ("/var/lib/coder-backstage", data),
        ];
        Self { directory, variables: BTreeMap::new(), names, server: None }
    }

    /// Returns the directory that commands run in.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Sets a variable of the server, and of each command from now on.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.variables.insert(name.to_owned(), value.into());
    }

    /// Takes a variable back.
    pub(crate) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.directory().join(name), text).unwrap();
    }

    fn shell(&self, command: &str) -> Command {
        let mut command = command.to_owned();
        for (page, here) in &self.names {
            command = command.replace(page, here);
        }
        let mut shell = Command::new("sh");
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", self.directory().join("bin").display());
        shell.args(["-c", &format!("exec {command}")]).current_dir(self.directory());
        shell.env_clear().env("PATH", path).envs(&self.variables).stdin(Stdio::null());
        shell
    }

    /// Runs a command, which must succeed, and returns what it prints.
    pub(crate) fn run(&self, command: &str) -> String {
        let Output { status, stdout, stderr } = self.shell(command).output().unwrap();
        let [out, err] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(status.success(), "{command}\n{out}{err}");
        out
    }

    /// Starts the server by this command, and waits until it listens at the port.
    pub(crate) fn serve(&mut self, command: &str, port: u16) {
        let log = self.directory().join("log");
        let file = std::fs::File::create(&log).unwrap();
        let mut child = self.shell(command).stdout(Stdio::null()).stderr(file).spawn().unwrap();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || std::fs::read_to_string(&log).unwrap();
            assert!(child.try_wait().unwrap().is_none(), "{command}\n{}", log());
            std::thread::yield_now();
        }
        self.server = Some(child);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Returns the commands that the page shows in the first block of this section, in their order.
pub(crate) fn commands(section: &str) -> Vec<&'static str> {
    let begin = format!("\n## {section}\n");
    let (_, section) = PAGE.split_once(&begin).unwrap_or_else(|| panic!("no section {section}"));
    let (_, block) = section.split_once("```console\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let commands: Vec<&str> = block
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .map(|line| line.split_once(" #").map_or(line, |(command, _)| command).trim_end())
        .collect();
    assert!(!commands.is_empty(), "no commands in {section}");
    commands
}

/// Returns this text, which the page must have.
pub(crate) fn quoted(text: &'static str) -> &'static str {
    assert!(PAGE.contains(text), "the page does not say `{text}`");
    text
}

/// Starts a proxy to the outside, where each host is the one at this port, and returns its URL.
pub(crate) async fn way_out(port: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut client = BufReader::new(client);
                let mut line = String::from("CONNECT");
                while !line.trim().is_empty() {
                    line.clear();
                    client.read_line(&mut line).await.unwrap();
                }
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let mut server = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    url
}
