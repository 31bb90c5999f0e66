//! A small server on this computer that answers as D&D Beyond does, and as it should not.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What is answered.
#[derive(Clone)]
pub(super) enum Reply {
    Whole {
        status: u16,
        headers: String,
        body: Vec<u8>,
    },
    /// Never ends; its length is not said.
    Endless,
    /// Says how long it is and ends before.
    Cut(Vec<u8>),
    /// Begins, and then nothing comes.
    Stalled,
    /// The connection closes without a word.
    Silent,
}

pub(super) fn reply(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply::Whole { status, headers: String::new(), body: body.into() }
}

pub(super) fn with_header(status: u16, header: &str, body: &str) -> Reply {
    Reply::Whole { status, headers: format!("{header}\r\n"), body: body.into() }
}

/// Gives its replies one after the other, the last one for ever; `/v1/…` has replies of its own.
pub(super) struct Server {
    pub(super) base: String,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(super) async fn start(characters: Vec<Reply>, tokens: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            let (mut characters, mut tokens) = (characters.into_iter(), tokens.into_iter());
            let (mut character, mut token) = (reply(500, ""), reply(500, ""));
            while let Ok((mut stream, _)) = listener.accept().await {
                let head = head(&mut stream).await;
                let (list, last) = match head.starts_with("POST /v1/") {
                    true => (&mut tokens, &mut token),
                    false => (&mut characters, &mut character),
                };
                if let Some(next) = list.next() {
                    *last = next;
                }
                heard.lock().unwrap().push(head);
                tokio::spawn(give(stream, last.clone()));
            }
        });
        Self { base, heads, task }
    }

    /// The requests so far, as they came.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n")
        && head.len() < 16_384
        && stream.read(&mut byte).await.unwrap_or(0) == 1
    {
        head.push(byte[0]);
        // Somebody who greets in TLS waits for an answer to the greeting: this server speaks none.
        if head == [0x16] {
            // Read first: closing on something unread resets the connection.
            let _ = stream.read(&mut [0; 8192]).await;
            break;
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

async fn give(mut stream: TcpStream, reply: Reply) {
    // A client that had enough closes the connection: that is no failure of the server.
    let _ = match reply {
        Reply::Whole { status, headers, body } => {
            let head = format!(
                "HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(&[head.as_bytes(), &body].concat()).await
        }
        Reply::Endless => endless(&mut stream).await,
        Reply::Cut(body) => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len() * 2);
            stream.write_all(&[head.as_bytes(), &body].concat()).await
        }
        Reply::Stalled => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"id\":").await;
            // Until the client hangs up.
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.map(drop)
        }
        Reply::Silent => Ok(()),
    };
}

async fn endless(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await?;
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
    // Bounded, in case nobody stops it: 64 MB.
    for _ in 0..1024 {
        stream.write_all(&chunk).await?;
    }
    Ok(())
}
