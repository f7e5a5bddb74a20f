//! E-mail over SMTP: STARTTLS as it should be, and servers that lie, refuse, or drop what they have read.

use std::sync::{Arc, Mutex};

use lanyard_engine::ports::{Notifier as _, Route};
use lanyard_notify::{MailSettings, MailTls};
use secrecy::SecretString;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::servers::{certificate, message, sender};

/// What the server does with a mail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Habit {
    Takes,
    /// Reads all of it and ends the connection.
    Drops,
    /// `451`, later perhaps.
    Later,
    /// `550`, never.
    Never,
}

#[derive(Default)]
struct Seen {
    /// Commands before TLS, and behind it.
    clear: Vec<String>,
    secret: Vec<String>,
    mails: Vec<String>,
}

struct Server {
    port: u16,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    /// `tls`: STARTTLS is offered.
    async fn start(habit: Habit, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let kept = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, tls) = (Arc::clone(&kept), tls.clone());
                tokio::spawn(async move {
                    let mut clear = BufReader::new(stream);
                    if clear.write_all(b"220 mail.test ESMTP\r\n").await.is_err() {
                        return;
                    }
                    let offers = tls.is_some();
                    if talk(&mut clear, habit, offers, &seen, false).await
                        && let Some(tls) = tls
                        && let Ok(secret) = tls.accept(clear.into_inner()).await
                    {
                        talk(&mut BufReader::new(secret), habit, false, &seen, true).await;
                    }
                });
            }
        });
        Self { port, seen }
    }

    fn settings(&self, tls: MailTls, trusted: Option<Vec<u8>>) -> MailSettings {
        MailSettings {
            host: "localhost".into(),
            port: self.port,
            from: "Lanyard <lanyard@test.example>".into(),
            tls,
            login: Some(("lanyard".into(), SecretString::from("planted-mail-password".to_owned()))),
            trusted,
        }
    }
}

/// One conversation; whether the client asked for TLS.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    habit: Habit,
    offers: bool,
    seen: &Mutex<Seen>,
    secret: bool,
) -> bool {
    let (mut in_data, mut mail) = (false, String::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return false;
        }
        let said = line.trim_end();
        if in_data {
            if said != "." {
                mail.push_str(&line);
                continue;
            }
            in_data = false;
            seen.lock().unwrap().mails.push(std::mem::take(&mut mail));
            let answer = match habit {
                Habit::Takes => "250 taken\r\n",
                Habit::Drops => return false,
                Habit::Later => "451 greylisted, come back later\r\n",
                Habit::Never => "550 no such mailbox here\r\n",
            };
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return false;
            }
            continue;
        }
        {
            let mut seen = seen.lock().unwrap();
            let list = if secret { &mut seen.secret } else { &mut seen.clear };
            list.push(said.to_owned());
        }
        let word = said.split(' ').next().unwrap_or_default();
        let answer = match word {
            "EHLO" if offers => "250-mail.test\r\n250 STARTTLS\r\n",
            "EHLO" if secret => "250-mail.test\r\n250 AUTH PLAIN\r\n",
            "EHLO" => "250 mail.test\r\n",
            "STARTTLS" => {
                let _ = stream.write_all(b"220 go on\r\n").await;
                return true;
            }
            "AUTH" => "235 welcome\r\n",
            "DATA" => {
                in_data = true;
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 ok\r\n",
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return false;
        }
    }
}

async fn send(settings: MailSettings) -> Result<(), String> {
    let route = Route::Email(vec!["it@test.example".into()]);
    sender(Some(settings), &[], false).send(&message(None), &route).await
}

#[tokio::test]
async fn with_starttls_nothing_of_the_mail_and_no_password_goes_in_the_clear() {
    let (pem, acceptor) = certificate();
    let server = Server::start(Habit::Takes, Some(acceptor)).await;
    assert_eq!(send(server.settings(MailTls::StartTls, Some(pem))).await, Ok(()));
    let seen = server.seen.lock().unwrap();
    let words = |list: &[String]| -> Vec<String> {
        list.iter().map(|said| said.split(' ').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(words(&seen.clear), ["EHLO", "STARTTLS"]);
    assert_eq!(words(&seen.secret)[..5], ["EHLO", "AUTH", "MAIL", "RCPT", "DATA"]);
    let [mail] = &seen.mails[..] else { panic!("{:?}", seen.mails) };
    assert!(mail.contains("To: it@test.example\r\n"), "{mail}");
    assert!(mail.contains("Message-ID: <alert_it_1777881600000@lanyard>\r\n"), "{mail}");
    assert!(mail.contains("Subject: Lanyard: the feed cannot be read"), "{mail}");
    assert!(!mail.contains("\nBcc:"), "a line break in a title makes no header: {mail}");
    assert!(mail.contains("\r\n..\r\nQUIT"), "a lone dot does not end the mail: {mail}");
}

#[tokio::test]
async fn a_server_without_starttls_or_with_a_stranger_s_certificate_gets_nothing() {
    let (pem, _) = certificate();
    let plain = Server::start(Habit::Takes, None).await;
    let error = send(plain.settings(MailTls::StartTls, Some(pem))).await.unwrap_err();
    let (_, acceptor) = certificate();
    let stranger = Server::start(Habit::Takes, Some(acceptor)).await;
    let (other, _) = certificate();
    let untrusted = send(stranger.settings(MailTls::StartTls, Some(other))).await.unwrap_err();
    for (server, error) in [(plain, error), (stranger, untrusted)] {
        assert!(error.starts_with(&format!("localhost:{} ", server.port)), "{error}");
        assert!(error.contains("nothing was sent"), "{error}");
        let seen = server.seen.lock().unwrap();
        let all: Vec<_> = seen.clear.iter().chain(&seen.secret).collect();
        assert!(all.iter().all(|said| !said.starts_with("AUTH") && !said.starts_with("MAIL")), "{all:?}");
        assert!(!error.contains("planted-mail-password"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_takes_a_mail_and_drops_the_connection_did_not_take_it() {
    let server = Server::start(Habit::Drops, None).await;
    let settings = || MailSettings { login: None, ..server.settings(MailTls::None, None) };
    for _ in 0..2 {
        let error = send(settings()).await.unwrap_err();
        let said = "ended the connection without saying that it took the mail";
        assert!(error.contains(said), "{error}");
    }
    let mails = server.seen.lock().unwrap().mails.clone();
    assert_eq!(mails.len(), 2, "it has read both");
    let id = |mail: &str| mail.lines().find(|line| line.starts_with("Message-ID:")).map(str::to_owned);
    assert_eq!(id(&mails[0]), id(&mails[1]), "whoever kept both shows one");
}

#[tokio::test]
async fn what_a_server_says_against_a_mail_is_told_in_its_own_words() {
    for (habit, meaning, word) in [
        (Habit::Later, "does not take the mail now", "greylisted"),
        (Habit::Never, "refused the mail for good", "no such mailbox"),
    ] {
        let server = Server::start(habit, None).await;
        let settings = MailSettings { login: None, ..server.settings(MailTls::None, None) };
        let error = send(settings).await.unwrap_err();
        assert!(error.contains(meaning) && error.contains(word), "{error}");
    }
    let nobody = MailSettings {
        login: None,
        ..Server { port: 9, seen: Arc::default() }.settings(MailTls::None, None)
    };
    let error = send(nobody).await.unwrap_err();
    assert!(error.starts_with("localhost:9 could not be reached"), "{error}");
    let elsewhere = MailSettings {
        host: "mail.test.example".into(),
        ..Server { port: 25, seen: Arc::default() }.settings(MailTls::None, None)
    };
    let error = send(elsewhere).await.unwrap_err();
    assert!(error.contains("mail without TLS is for loopback only"), "{error}");
}
