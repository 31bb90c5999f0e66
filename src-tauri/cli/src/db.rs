//! `backstory db`: what whoever looks after a shared library does: make it, let people in, say who plays with whom.

use backstory_core::{
    api::{
        App,
        app::Empty,
        keeping::{MemberSet, member_set, members_list},
    },
    config::Address,
    error::{Code, Error, Result},
    job::Silent,
    model::{Member, Role},
};
use backstory_storage::{
    config::{Flags, chosen, load},
    open::kind,
    postgres::{self, PostgresOptions},
};
use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use crate::{args::address, print};

/// Where `db user` finds a password.
const PASSWORD_VARIABLE: &str = "BACKSTORY_NEW_PASSWORD";

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    /// Make a library in a PostgreSQL database, or bring the one in it up to date.
    Init {
        /// The database, as somebody who may create roles and schemas. Without it: the library.
        #[arg(value_parser = address)]
        address: Option<Address>,
    },
    /// Let somebody in: a role of the server that may log in. A password is taken from the variable BACKSTORY_NEW_PASSWORD.
    User {
        /// Their name.
        name: String,
        /// The database, as somebody who may create roles. Without it: the library.
        #[arg(value_parser = address)]
        address: Option<Address>,
    },
    /// Give somebody a place in a campaign, or take it away.
    Grant {
        /// The campaign's name, as the characters have it.
        campaign: String,
        /// Who.
        user: String,
        /// As what.
        #[arg(value_enum)]
        role: RoleArg,
    },
    /// Who has a place in which campaign.
    Members,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RoleArg {
    /// Reads every character of the campaign and may capture new versions of them.
    DungeonMaster,
    /// Reads every character of the campaign.
    Player,
    /// Sees the list and the histories, not the documents.
    Viewer,
    /// No place any more.
    None,
}

impl RoleArg {
    fn role(self) -> Option<Role> {
        match self {
            Self::DungeonMaster => Some(Role::DungeonMaster),
            Self::Player => Some(Role::Player),
            Self::Viewer => Some(Role::Viewer),
            Self::None => None,
        }
    }
}

/// What was done to a server.
#[derive(Debug, Serialize)]
struct Done {
    done: String,
}

/// Does what needs no open library; gives back what does.
pub(crate) async fn without_library(what: Db, flags: &Flags, json: bool) -> Result<Option<Db>> {
    let done = match what {
        Db::Init { address } => {
            postgres::initialise(server(address, flags)?.reveal(), &PostgresOptions::default()).await?;
            "The library is made and up to date. `backstory db user NAME` lets somebody in.".to_owned()
        }
        Db::User { name, address } => {
            let password = std::env::var(PASSWORD_VARIABLE).ok().filter(|password| !password.is_empty());
            postgres::add_user(server(address, flags)?.reveal(), &name, password.as_deref()).await?;
            let with =
                if password.is_some() { "with the password given" } else { "as the server lets them in" };
            format!("{name} may use the library, {with}.")
        }
        other => return Ok(Some(other)),
    };
    print::result(json, &Done { done }, |done| format!("{}\n", done.done))?;
    Ok(None)
}

/// Does what goes through the library.
pub(crate) async fn with_library(what: Db, app: &App, json: bool) -> Result<()> {
    let members = match what {
        Db::Grant { campaign, user, role } => {
            member_set(app, MemberSet { campaign, user, role: role.role() }, &Silent).await?
        }
        _ => members_list(app, Empty {}, &Silent).await?,
    };
    print::result(json, &Members { members }, |members| list(&members.members))
}

#[derive(Debug, Serialize)]
struct Members {
    members: Vec<Member>,
}

fn list(members: &[Member]) -> String {
    if members.is_empty() {
        return "Nobody has a place in a campaign.\n".to_owned();
    }
    let role = |role| match role {
        Role::DungeonMaster => "dungeon master",
        Role::Player => "player",
        Role::Viewer => "viewer",
    };
    let row =
        |member: &Member| vec![member.campaign.clone(), member.user.clone(), role(member.role).to_owned()];
    print::table(&members.iter().map(row).collect::<Vec<_>>())
}

/// The database that is meant: only PostgreSQL has users of its own.
fn server(address: Option<Address>, flags: &Flags) -> Result<Address> {
    let address = match address {
        Some(address) => address,
        None => chosen(&load(flags)?.config)?.library.address.clone(),
    };
    if kind(&address)? == "postgres" {
        return Ok(address);
    }
    Err(Error::new(Code::InvalidArgument, format!("{address} is no PostgreSQL database."))
        .kept("Nothing was changed.")
        .hint("Name one: backstory db init postgresql://<user>@<host>/<database>."))
}
