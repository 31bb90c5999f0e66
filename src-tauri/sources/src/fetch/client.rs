//! The connection to D&D Beyond: no cookies, no other hosts, nothing endless.

use std::{error::Error as _, sync::OnceLock, time::Duration};

use backstory_core::{
    error::{Code, Error, Result},
    storage::Secret,
};
use reqwest::{
    Client as Http, Request, Response,
    header::{ACCEPT, AUTHORIZATION, COOKIE, HeaderMap, HeaderValue, RETRY_AFTER},
    redirect::Policy,
};

use super::answer::{self, Answer, Refusal};

/// Where the two servers are.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// Gives characters.
    pub characters: String,
    /// Gives a short-lived token for a session.
    pub tokens: String,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            characters: "https://character-service.dndbeyond.com".to_owned(),
            tokens: "https://auth-service.dndbeyond.com".to_owned(),
        }
    }
}

/// How long is waited and how much is taken.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Until there is a connection.
    pub connect: Duration,
    /// Until the answer is there to its end.
    pub total: Duration,
    /// The largest answer.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(60), bytes: 8 << 20 }
    }
}

/// An answer that says no is not longer than this; what is, is not read further.
const REFUSAL_BYTES: usize = 256 << 10;

pub(super) struct Client {
    /// Made when something is asked for: reading the certificates that the system trusts takes a tenth of a second, which is a
    /// third of the program's start.
    http: OnceLock<Http>,
    endpoints: Endpoints,
    limits: Limits,
}

impl Client {
    pub(super) fn new(endpoints: Endpoints, limits: Limits) -> Self {
        Self { http: OnceLock::new(), endpoints, limits }
    }

    fn http(&self) -> Result<&Http> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let http = self.connect()?;
        Ok(self.http.get_or_init(|| http))
    }

    fn connect(&self) -> Result<Http> {
        let Self { endpoints, limits, .. } = self;
        // All of rustls in the program uses the same; whoever comes first says so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let secure = endpoints.characters.starts_with("https:") && endpoints.tokens.starts_with("https:");
        let builder = Http::builder()
            .user_agent(concat!("Backstory/", env!("CARGO_PKG_VERSION")))
            .https_only(secure)
            .redirect(Policy::custom(|step| {
                let from = step.previous().last().map(reqwest::Url::origin);
                let same = from.is_some_and(|from| from == step.url().origin());
                if same && step.previous().len() <= 3 { step.follow() } else { step.stop() }
            }))
            .connect_timeout(limits.connect)
            .timeout(limits.total);
        // Plain HTTP is what the tests speak, with a server in their own process.
        let builder = if secure { builder } else { builder.no_proxy() };
        builder.build().map_err(|e| {
            Error::new(Code::SourceUnreachable, "The system gives Backstory no safe connections.")
                .hint("Look whether this computer has certificates to trust.")
                .caused_by(e)
        })
    }

    /// Asks for a character.
    pub(super) async fn character(&self, number: u64, token: Option<&Secret>) -> Result<Answer, Refusal> {
        let base = &self.endpoints.characters;
        let request =
            self.http()?.get(format!("{base}/character/v5/character/{number}?includeCustomItems=true"));
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        if let Some(token) = token {
            headers.insert(AUTHORIZATION, secret("Bearer ", token)?);
        }
        self.answer(request.headers(headers).build()).await
    }

    /// Exchanges a session for a token that is good for a few minutes.
    pub(super) async fn token(&self, session: &Secret) -> Result<Answer, Refusal> {
        let request = self.http()?.post(format!("{}/v1/cobalt-token", self.endpoints.tokens));
        let headers = HeaderMap::from_iter([(COOKIE, secret("CobaltSession=", session)?)]);
        self.answer(request.headers(headers).build()).await
    }

    async fn answer(&self, request: reqwest::Result<Request>) -> Result<Answer, Refusal> {
        let request =
            request.map_err(|e| Error::internal("A request cannot be made.").caused_by(e.without_url()))?;
        let mut response = self.http()?.execute(request).await.map_err(no_answer)?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let body = if status == 200 {
            whole(&mut response, self.limits.bytes).await?
        } else {
            beginning(&mut response).await
        };
        tracing::debug!(status, bytes = body.len(), "D&D Beyond answered");
        Ok(Answer { status, retry_after, body })
    }
}

/// A header that no log shows.
fn secret(before: &str, secret: &Secret) -> Result<HeaderValue, Refusal> {
    let value = HeaderValue::from_str(&format!("{before}{}", secret.reveal()));
    let mut value = value.map_err(|_| answer::session_expired())?;
    value.set_sensitive(true);
    Ok(value)
}

/// The whole body, as long as it stays below the limit.
async fn whole(response: &mut Response, limit: usize) -> Result<Vec<u8>, Refusal> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    if announced > limit {
        return Err(answer::too_large(limit).into());
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(broken_off)? {
        if body.len() + chunk.len() > limit {
            return Err(answer::too_large(limit).into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What there is of a body that only explains a status.
async fn beginning(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk[..chunk.len().min(REFUSAL_BYTES - body.len())]);
        if body.len() == REFUSAL_BYTES {
            break;
        }
    }
    body
}

fn no_answer(error: reqwest::Error) -> Refusal {
    let (mut dns, mut tls) = (false, false);
    let mut cause = error.source();
    while let Some(inner) = cause {
        dns |= inner.to_string().starts_with("dns error");
        tls |= is_tls(inner);
        cause = inner.source();
    }
    let reason = match (error.is_timeout(), dns, tls) {
        (true, ..) => "timeout",
        (_, true, _) => "dns",
        (.., true) => "tls",
        _ => "connection",
    };
    answer::unreachable(reason).caused_by(error.without_url()).into()
}

/// Errors of rustls come inside errors of the system.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>() || inside.is_some_and(|inside| is_tls(inside))
}

fn broken_off(error: reqwest::Error) -> Refusal {
    let words = if error.is_timeout() { answer::unreachable("timeout") } else { answer::cut_off() };
    words.caused_by(error.without_url()).into()
}
