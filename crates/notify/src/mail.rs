//! E-mail. The message id repeats with the message, so that a mail read twice shows as one.

use std::time::Duration;

use lanyard_engine::ports::Message;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{
        Error,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use secrecy::{ExposeSecret as _, SecretString};

/// Where e-mail goes out.
#[derive(Debug, Clone)]
pub struct MailSettings {
    pub host: String,
    pub port: u16,
    /// `Lanyard <lanyard@example.com>`.
    pub from: String,
    pub tls: MailTls,
    pub login: Option<(String, SecretString)>,
    /// A certificate (PEM) to trust besides those of the system.
    pub trusted: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// Demanded, not merely offered.
    StartTls,
    Tls,
    /// For loopback only.
    None,
}

pub(crate) async fn send(settings: &MailSettings, to: &[String], message: &Message) -> Result<(), String> {
    let address =
        |text: &str| text.parse::<Mailbox>().map_err(|error| format!("{text} is no e-mail address: {error}"));
    let mut builder = lettre::Message::builder()
        .from(address(&settings.from)?)
        .subject(message.subject.replace(['\r', '\n'], " "))
        .message_id(Some(format!("<{}@lanyard>", digest_like(&message.id))));
    for recipient in to {
        builder = builder.to(address(recipient)?);
    }
    let mail =
        builder.body(message.text.clone()).map_err(|error| format!("the mail cannot be built: {error}"))?;
    let tls = match settings.tls {
        MailTls::None if lanyard_wire::is_loopback(&settings.host) => Tls::None,
        MailTls::None => return Err("mail without TLS is for loopback only; set tls to starttls".into()),
        MailTls::StartTls => Tls::Required(parameters(settings)?),
        MailTls::Tls => Tls::Wrapper(parameters(settings)?),
    };
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
        .port(settings.port)
        .tls(tls)
        .timeout(Some(Duration::from_secs(30)));
    if let Some((user, password)) = &settings.login {
        transport =
            transport.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
    }
    transport
        .build()
        .send(mail)
        .await
        .map(drop)
        .map_err(|error| format!("{}:{} {}: {error}", settings.host, settings.port, meaning(&error)))
}

/// What a failure says of the mail.
fn meaning(error: &Error) -> &'static str {
    match error {
        error if error.is_permanent() => "refused the mail for good",
        error if error.is_transient() => "does not take the mail now",
        error if error.is_timeout() => "did not answer in time; the mail may have been taken all the same",
        error if error.is_tls() => "offers no TLS that we trust; nothing was sent",
        error if error.is_client() => "cannot be talked to as the settings say; nothing was sent",
        // The library names this kind in its text alone; a refused certificate is one of them.
        error if error.to_string().starts_with("Connection error") => {
            "could not be reached, or not by TLS that we trust; nothing was sent"
        }
        // Also a server that has read all of the mail: only its word counts, and a second mail has the same id.
        _ => "ended the connection without saying that it took the mail",
    }
}

fn parameters(settings: &MailSettings) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(pem) = &settings.trusted {
        let trusted = Certificate::from_pem(pem)
            .map_err(|error| format!("the certificate of ca_file cannot be used for mail: {error}"))?;
        builder = builder.add_root_certificate(trusted);
    }
    builder.build().map_err(|error| format!("no TLS for mail: {error}"))
}

/// Message ids hold characters that mail headers do not.
fn digest_like(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' }).collect()
}
