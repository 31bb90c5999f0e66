//! What is measured, for a Prometheus on this very computer.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use backstory_core::error::{Code, Error, Result};

/// Whoever asks says what within this time.
const PATIENCE: Duration = Duration::from_secs(2);
/// No question is longer.
const LONGEST: usize = 8 << 10;

/// Somebody who answers, for as long as this is held.
#[derive(Debug)]
pub struct Serving {
    /// Where.
    pub address: SocketAddr,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Serving {
    /// The address is free again when this is done.
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        // Whoever waits for a question gets one.
        let is_woken = TcpStream::connect_timeout(&self.address, PATIENCE).is_ok();
        if let Some(thread) = self.thread.take().filter(|_| is_woken) {
            let _nothing_to_say = thread.join();
        }
    }
}

/// Answers on this address for as long as what is given is held. `text` is asked for each answer, on a thread that may wait.
///
/// # Errors
/// `config_invalid` for an address that others can reach, and where nothing can listen.
pub fn serve(listen: &str, text: impl Fn() -> String + Send + Sync + 'static) -> Result<Serving> {
    let refused = |why: String| {
        Error::new(Code::ConfigInvalid, format!("Nothing is served on {listen}: {why}."))
            .kept("Everything else works.")
            .hint("Set metrics.listen to an address of this computer, as in 127.0.0.1:9464.")
    };
    let found: Vec<SocketAddr> =
        listen.to_socket_addrs().map_err(|error| refused(error.to_string()))?.collect();
    if found.is_empty() || !found.iter().all(|address| address.ip().is_loopback()) {
        return Err(refused("it is not an address of this computer only".to_owned()));
    }
    let listener = TcpListener::bind(&*found).map_err(|error| refused(error.to_string()))?;
    let address = listener.local_addr().map_err(|error| refused(error.to_string()))?;
    let ends = Arc::<AtomicBool>::default();
    let is_over = Arc::clone(&ends);
    let thread = std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if is_over.load(Ordering::SeqCst) {
                return;
            }
            // One after the other: who asks is one program.
            if let Err(error) = answer(stream, &text) {
                tracing::debug!(%error, "somebody who asked what is measured went away");
            }
        }
    });
    Ok(Serving { address, ends, thread: Some(thread) })
}

fn answer(mut stream: TcpStream, text: &dyn Fn() -> String) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut asked = Vec::new();
    let mut part = [0; 1024];
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut part)?;
        if read == 0 || asked.len() > LONGEST {
            return Ok(());
        }
        asked.extend_from_slice(&part[..read]);
    }
    let (status, kind, body) = match asked.starts_with(b"GET /metrics ") {
        true => ("200 OK", "text/plain; version=0.0.4; charset=utf-8", text()),
        false => ("404 Not Found", "text/plain; charset=utf-8", "Ask for /metrics.\n".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(address: SocketAddr, question: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(question.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn only_this_computer_is_answered() {
        for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "nonsense"] {
            let error = serve(listen, String::new).unwrap_err();
            assert_eq!(error.code, Code::ConfigInvalid, "{listen}");
        }
        let serving = serve("127.0.0.1:0", || "backstory_up 1\n".to_owned()).unwrap();
        let address = serving.address;
        let answer = ask(address, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nbackstory_up 1\n"),
            "{answer}"
        );
        assert!(ask(address, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
        assert!(ask(address, "GET /metrics HTTP/1.1\r\n\r\n").contains("backstory_up"), "again and again");
        let taken = serve(&address.to_string(), String::new).unwrap_err();
        assert!(taken.hint.unwrap().contains("metrics.listen"), "somebody is there already");
        drop(serving);
        assert!(TcpStream::connect(address).is_err(), "nobody answers any more");
    }
}
