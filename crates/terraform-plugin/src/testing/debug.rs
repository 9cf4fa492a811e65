//! A plugin in debug mode.

use std::path::PathBuf;

use serde_json::Value as Json;

use crate::testing::{Launch, Process};

/// Starts the plugin in debug mode. Returns the process and the value of `TF_REATTACH_PROVIDERS`.
pub async fn debugging(launch: Launch) -> (Process, Json) {
    let mut process = launch.arg("-debug").start();
    loop {
        let line = process.line().await;
        if let Some((_, setting)) = line.split_once("TF_REATTACH_PROVIDERS=") {
            let json = setting.trim_matches('\'');
            return (process, serde_json::from_str(json).unwrap());
        }
    }
}

/// The socket in the value of `TF_REATTACH_PROVIDERS`.
pub fn socket(reattach: &Json) -> PathBuf {
    let (_, provider) = reattach.as_object().unwrap().iter().next().unwrap();
    assert_eq!(provider["Addr"]["Network"], "unix");
    PathBuf::from(provider["Addr"]["String"].as_str().unwrap())
}
