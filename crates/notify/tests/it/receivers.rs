//! HTTP receivers on loopback: what came, and what is answered.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// One request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Came {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Came {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// The whole answer, or `None`: the connection is dropped.
pub type Answer = Option<String>;

pub struct Receiver {
    pub port: u16,
    pub came: Arc<Mutex<Vec<Came>>>,
}

impl Receiver {
    /// `answer` sees each request and how many came before it.
    pub async fn start(answer: impl Fn(&Came, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let came: Arc<Mutex<Vec<Came>>> = Arc::default();
        let (kept, answer) = (Arc::clone(&came), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (came, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    while let Some(request) = read(&mut stream).await {
                        let before = {
                            let mut came = came.lock().unwrap();
                            came.push(request.clone());
                            came.len() - 1
                        };
                        let Some(text) = answer(&request, before) else { return };
                        if stream.write_all(text.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { port, came }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

pub fn answered(status: &str, body: &str) -> Answer {
    Some(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Came> {
    let mut line = String::new();
    if stream.read_line(&mut line).await.ok()? == 0 {
        return None;
    }
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        stream.read_line(&mut header).await.ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Came { line: line.trim_end().to_owned(), headers, body: String::from_utf8(body).ok()? })
}
