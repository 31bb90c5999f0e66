//! Making a library, bringing it up to date, and saying who may use it.
//!
//! Tables and functions belong to the role `backstory_owner`, which nobody can log in as. Whoever uses the library is a role
//! of the server that is a member of `backstory_user`; members of `backstory_admin` may do everything in it.

use backstory_core::{
    access::Principal,
    error::{Code, Error, Result},
    model::Role,
    storage::ReadOnly,
};
use tokio_postgres::error::SqlState;

use super::{
    PostgresOptions,
    connect::{Address, Lone},
    failure::{self, Cause, Failure, INIT_HINT},
    rows::escaped,
    transaction,
};

mod migrations {
    refinery::embed_migrations!("src/postgres/migrations");
}

/// How many months before the present one get a partition of their own when a library is made.
const MONTHS_BEFORE: i32 = 12;

/// How many months ahead of the present one there is always a partition.
pub(super) const MONTHS_AHEAD: i32 = 3;

/// What a server must be at least: 14.
const OLDEST_SERVER: i32 = 140_000;

/// Roles belong to the server, not to one database: they may be there already, made this very moment by somebody else.
const ROLES: &str = "DO $$ \
     DECLARE wanted text; \
     BEGIN \
       FOREACH wanted IN ARRAY ARRAY['backstory_owner', 'backstory_user', 'backstory_admin'] LOOP \
         IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN \
           BEGIN \
             EXECUTE format('CREATE ROLE %I NOLOGIN', wanted); \
           EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; \
           END; \
         END IF; \
       END LOOP; \
       IF NOT pg_has_role('backstory_admin', 'backstory_user', 'member') THEN \
         GRANT backstory_user TO backstory_admin; \
       END IF; \
       BEGIN \
         EXECUTE format('GRANT backstory_owner TO %I', current_user); \
       EXCEPTION WHEN insufficient_privilege OR invalid_grant_operation THEN NULL; \
       END; \
       EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO backstory_user', current_database()); \
     END $$";

const SCHEMA: &str = "CREATE SCHEMA IF NOT EXISTS backstory AUTHORIZATION backstory_owner";

/// One at a time makes a library, in one database.
const ALONE: &str = "SELECT pg_advisory_lock(4777001, 0)";

const AS_OWNER: &str = "SET ROLE backstory_owner; SET search_path = backstory";

const AS_ONESELF: &str = "RESET ROLE; RESET search_path";

/// Makes a library in this database, or brings the one in it up to date: the roles, the tables, who may do what, and a
/// partition for each month around the present. Running it again does no harm.
///
/// # Errors
/// `invalid_argument` for an address that is none, `store_unreachable`, `access_denied` when the user may not create roles
/// and schemas, `store_newer`, `storage_failed`.
pub async fn initialise(address: &str, options: &PostgresOptions) -> Result<()> {
    let address = read(address, options)?;
    initialise_here(&address).await.map_err(|failure| failure.at(address.place()))
}

async fn initialise_here(address: &Address) -> failure::Result<()> {
    let mut lone = address.connect().await?;
    check_server(&lone).await?;
    lone.client.batch_execute(ALONE).await?;
    if let Some(version) = schema_version(&lone.client).await?
        && version > latest_known()
    {
        return Err(Error::new(Code::StoreNewer, "This library was made by a newer Backstory.")
            .kept("Nothing was changed.")
            .hint("Update Backstory first.")
            .into());
    }
    lone.client.batch_execute(ROLES).await?;
    lone.client.batch_execute(SCHEMA).await?;
    lone.client.batch_execute(AS_OWNER).await?;
    migrations::migrations::runner()
        .set_grouped(true)
        .run_async(&mut lone.client)
        .await
        .map_err(migration_failed)?;
    lone.client.query_one("SELECT backstory.make_months($1, $2)", &[&MONTHS_BEFORE, &MONTHS_AHEAD]).await?;
    Ok(lone.client.batch_execute(AS_ONESELF).await?)
}

async fn check_server(lone: &Lone) -> failure::Result<()> {
    let sql = "SELECT current_setting('server_version_num')::integer, current_setting('server_encoding')";
    let row = lone.client.query_one(sql, &[]).await?;
    let (version, encoding): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
    if version < OLDEST_SERVER {
        return Err(Error::new(
            Code::StorageFailed,
            format!("This server is PostgreSQL {}: too old for a library.", version / 10_000),
        )
        .hint("Backstory needs PostgreSQL 14 or newer.")
        .into());
    }
    if encoding != "UTF8" {
        return Err(Error::new(Code::StorageFailed, format!("This database keeps texts as {encoding}."))
            .hint("Make one that keeps them as UTF8: createdb --encoding=UTF8 --template=template0 <name>")
            .into());
    }
    Ok(())
}

fn migration_failed(error: refinery::Error) -> Failure {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(cause) = source {
        if let Some(error) = cause.downcast_ref::<tokio_postgres::Error>() {
            if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) {
                return failure::denied().into();
            }
            return migration_refused().caused_by(Cause::of(error)).into();
        }
        source = cause.source();
    }
    migration_refused().caused_by(error).into()
}

fn migration_refused() -> Error {
    Error::new(Code::StorageFailed, "The library could not be brought to the form this Backstory needs.")
        .kept("It is as it was before.")
        .hint("Try again. If it fails again, keep a backup of the database and tell us.")
}

/// The newest schema this program knows.
fn latest_known() -> i32 {
    let newest = migrations::migrations::runner().get_migrations().iter().map(|step| step.version()).max();
    newest.unwrap_or(0)
}

/// The schema of the database; none for one without a library.
async fn schema_version(client: &tokio_postgres::Client) -> failure::Result<Option<i32>> {
    let exists = "SELECT to_regclass('backstory.refinery_schema_history') IS NOT NULL";
    if !client.query_one(exists, &[]).await?.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let newest = "SELECT max(version) FROM backstory.refinery_schema_history";
    Ok(client.query_one(newest, &[]).await?.try_get(0)?)
}

/// Looks whether there is a library this program can use, and says why it must not be written, where that is so.
pub(super) async fn look(client: &tokio_postgres::Client) -> failure::Result<Option<ReadOnly>> {
    let known = latest_known();
    match schema_version(client).await? {
        Some(version) if version > known => return Ok(Some(ReadOnly::Newer)),
        Some(version) if version == known => {}
        found => return Err(not_ready(found.is_some()).into()),
    }
    let settings = "SELECT current_setting('transaction_read_only') = 'on', \
         NOT pg_has_role(current_user, 'backstory_user', 'member')";
    let row = client.query_one(settings, &[]).await?;
    if row.try_get(1)? {
        return Err(failure::denied().into());
    }
    Ok(row.try_get::<_, bool>(0)?.then_some(ReadOnly::ServerRefuses))
}

/// Who is asking, as the policies see it.
pub(super) async fn principal(client: &tokio_postgres::Client) -> failure::Result<Principal> {
    let sql = "SELECT current_user::text, pg_has_role(current_user, 'backstory_admin', 'member')";
    let row = client.query_one(sql, &[]).await?;
    Ok(Principal { user: row.try_get(0)?, admin: row.try_get(1)? })
}

fn not_ready(is_older: bool) -> Error {
    let message = if is_older {
        "The library in this database is of an older form than this Backstory needs."
    } else {
        "There is no Backstory library in this database yet."
    };
    Error::new(Code::StorageFailed, message).kept("Nothing was changed.").hint(INIT_HINT)
}

/// Makes the partitions of the months to come, where they are missing.
pub(super) async fn make_months(client: &tokio_postgres::Client) -> failure::Result<()> {
    let missing = "SELECT EXISTS (SELECT FROM backstory.missing_months(0, $1))";
    if client.query_one(missing, &[&MONTHS_AHEAD]).await?.try_get(0)? {
        client.query_one("SELECT backstory.make_months(0, $1)", &[&MONTHS_AHEAD]).await?;
    }
    Ok(())
}

/// Gives a user of the library a place in a campaign, or, for none, takes it away.
///
/// # Errors
/// `store_unreachable`, `access_denied` when the address is not an administrator's, `storage_failed`.
pub async fn grant(address: &str, campaign: &str, user: &str, role: Option<Role>) -> Result<()> {
    let address = read(address, &PostgresOptions::default())?;
    let done = async {
        let lone = address.connect().await?;
        transaction::put_member(&lone.client, &escaped(campaign), &escaped(user), role).await
    };
    done.await.map_err(|failure: Failure| failure.at(address.place()))
}

/// `CREATE ROLE` takes no parameters, so the server itself puts the name and the password in their quotes.
const ADD_USER: &str = "SELECT set_config('backstory.new_user', $1, true), \
     set_config('backstory.new_password', coalesce($2, ''), true)";

const ADD_USER_NOW: &str = "DO $$ \
     DECLARE \
       name text := current_setting('backstory.new_user'); \
       password text := nullif(current_setting('backstory.new_password'), ''); \
     BEGIN \
       IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN \
         EXECUTE format('CREATE ROLE %I LOGIN', name); \
       END IF; \
       IF password IS NOT NULL THEN \
         EXECUTE format('ALTER ROLE %I PASSWORD %L', name, password); \
       END IF; \
       EXECUTE format('GRANT backstory_user TO %I', name); \
     END $$";

/// Makes somebody a user of the library: a role of the server that can log in. One that is there keeps what it has; a
/// password, where one is given, is set.
///
/// # Errors
/// `store_unreachable`, `access_denied` when the address is not of somebody who may create roles, `storage_failed`.
pub async fn add_user(address: &str, user: &str, password: Option<&str>) -> Result<()> {
    let address = read(address, &PostgresOptions::default())?;
    let done = async {
        let mut lone = address.connect().await?;
        let transaction = lone.client.transaction().await?;
        transaction.query_one(ADD_USER, &[&user, &password]).await?;
        transaction.batch_execute(ADD_USER_NOW).await?;
        Ok(transaction.commit().await?)
    };
    done.await.map_err(|failure: Failure| failure.at(address.place()))
}

fn read(address: &str, options: &PostgresOptions) -> Result<Address> {
    let address = Address::parse(address).map_err(|failure| failure.at("the address"))?;
    Ok(address.bounded(options.wait))
}
