internal import GRDB

/// The tables of the embedded directory, step by step since the first version. A step that has been
/// in a release is never changed: another one follows it.
enum DirectorySchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-users") { database in
            try database.execute(
                sql: """
                    CREATE TABLE user (
                        id INTEGER PRIMARY KEY,
                        name TEXT NOT NULL UNIQUE,
                        aliases TEXT NOT NULL,
                        numbers TEXT NOT NULL,
                        realm TEXT,
                        ha1_md5 TEXT,
                        ha1_sha256 TEXT,
                        display_name TEXT,
                        mail_addresses TEXT NOT NULL,
                        language TEXT,
                        time_zone TEXT,
                        music_class TEXT,
                        voicemail INTEGER NOT NULL,
                        greeting TEXT NOT NULL,
                        format TEXT,
                        attachment TEXT NOT NULL,
                        maximum_length INTEGER,
                        mailbox_server TEXT,
                        short_addresses TEXT NOT NULL,
                        webhook TEXT,
                        missed_call_mail INTEGER
                    ) STRICT;
                    CREATE TABLE identity (
                        key TEXT PRIMARY KEY,
                        user INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE
                    ) STRICT, WITHOUT ROWID;
                    CREATE INDEX identity_user ON identity (user);
                    """)
        }
        return migrator
    }
}
