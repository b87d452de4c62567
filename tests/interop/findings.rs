//! Where official stores do not do what is right, in the words of docs/interoperability.md. What can be tried, a test has met.

/// One defect; its key is what fixtures name.
pub struct Finding {
    pub key: &'static str,
    pub title: &'static str,
    pub what: &'static str,
    pub ours: &'static str,
    /// How to live with it where both are in use.
    pub together: &'static str,
}

pub const FINDINGS: [Finding; 22] = [
    Finding {
        key: "null-tombstone",
        title: "Java and .NET delete with the text `null`",
        what: "Java's and .NET's stores write `null` as the item of a deleted flag. Go and the Relay Proxy then fail to read that flag and, with it, \
               all flags; Ruby does too, and C++ for the flag alone; Python and PHP fail to read all flags, and Python's store raises at an upsert \
               that such a row refuses.",
        ours: "Reads it as a tombstone of the row's version, and writes none.",
        together: "Where Java or .NET writes, let ours be the reader in Ruby, Python, PHP, C++ and Go; a Relay Proxy reads with ours where it is \
                   built with the Go module. An `init` of any other store replaces every such row.",
    },
    Finding {
        key: "minimal-tombstone",
        title: "Python, Node and Ruby delete with three members",
        what: "`{\"key\", \"version\", \"deleted\"}` has none of the members that PHP's SDK before its change of August 2026 requires: \
               `allFlagsState` ends with a TypeError. The C++ SDK takes the flag for one that is off.",
        ours: "Writes the whole schema, and reads this form, too.",
        together: "Let ours write, or read in PHP and C++ with ours.",
    },
    Finding {
        key: "off-tombstone",
        title: "C++ takes a deleted flag for one that is off",
        what: "The C++ source hands on what it finds, and the SDK does not look at `deleted`: a deleted flag is one that is off, without an off \
               variation. The caller gets the default, with the reason OFF in place of FLAG_NOT_FOUND.",
        ours: "Our C++ adapter says that it is deleted.",
        together: "Harmless where only the value counts.",
    },
    Finding {
        key: "surrogates",
        title: "Go reads some escaped characters wrongly",
        what: "Python's store writes every character beyond ASCII as an escape, and so does .NET's *: those beyond U+FFFF, such as emoji, are two. \
               The JSON reader of the Go SDK, 7.14.6 among them, makes two U+FFFD of these, and with it the Relay Proxy: flags serve broken texts.",
        ours: "Python's adapter writes the characters themselves. Items that come in as text are kept to the byte, escapes too: what holds them \
               is read wrongly by Go from our rows as well.",
        together: "Let ours write in Python where Go or the Relay Proxy reads: one `init` mends the table. Hand items with the characters \
                   themselves to our other languages. .NET should not write there.",
    },
    Finding {
        key: "dropped-members",
        title: "Some write only what their SDK knows",
        what: "Go's, Java's * and .NET's * stores, and the Relay Proxy *, write what the SDK has parsed. A member that this version does not know \
               is gone for all readers.",
        ours: "Keeps an item as it came. Under LaunchDarkly's SDKs for Rust, Go and Java, which hand over their own form of a flag, it is with ours \
               as with the official ones.",
        together: "Keep the SDKs and Relay Proxies that write as new as the newest reader.",
    },
    Finding {
        key: "users-only",
        title: "Go's store 1.1.1 knows users only",
        what: "It is for version 5 of the Go SDK, which drops everything about contexts of other kinds than users. Where it reads, its programs \
               evaluate as if that were not there; where it writes, it is gone, so that newer SDKs, all alike, evaluate something else.",
        ours: "Keeps an item as it came.",
        together: "Have no store for Go 1 write where contexts are in use, and no program with it serve flags that ask for them.",
    },
    Finding {
        key: "dropped-nulls",
        title: "Java leaves out `null` within variations",
        what: "The Java SDK drops members that are `null` when it writes a flag, also those within a variation's value: `{\"link\": null}` is `{}` to \
               all readers. Tried with the SDK and our adapter.",
        ours: "Keeps an item as it came; the Java SDK hands it over without them.",
        together: "Where the difference matters to a program, let Java not write.",
    },
    Finding {
        key: "no-item",
        title: "A row without an item",
        what: "Versions of Node's store of long ago, and people, leave rows without the attribute `item`. Go, Java, .NET, Ruby \
               and C++ then fail to read the flag and, but for Go 1.1.1, with it all flags; Python fails to read all flags.",
        ours: "Reads it as a tombstone of the row's version; any upsert of a newer version, and any `init`, replaces it.",
        together: "One `init`, by whomever, mends it.",
    },
    Finding {
        key: "damaged-row",
        title: "One damaged item hides all flags",
        what: "An item that is no JSON fails the reading of all flags in every official store but Node's.",
        ours: "Leaves it out of all flags, logs its key, and fails only where this flag is asked for. Adapters then say that it is absent.",
        together: "One `init`, by whomever, mends it.",
    },
    Finding {
        key: "no-version",
        title: "A row without a version stays",
        what: "The condition of an upsert in Go's, Python's, Ruby's, Java's and .NET's stores is never true of a row without the attribute `version`: \
               every upsert of this flag is refused, until an `init`.",
        ours: "Replaces it, as Node's does.",
        together: "One `init`, by whomever, mends it.",
    },
    Finding {
        key: "large-version",
        title: "Versions of more than 32 bits",
        what: "Java's and .NET's stores read versions of up to 2,147,483,647 and fail to read all flags where there is a larger one. Not tried here *.",
        ours: "Reads and writes versions of up to 2^63−1.",
        together: "LaunchDarkly's own versions are far smaller. Let nobody write timestamps as versions where Java or .NET reads.",
    },
    Finding {
        key: "empty-prefix",
        title: "Ruby's empty prefix is one",
        what: "With `prefix: \"\"` Ruby's store reads and writes the namespaces `:features`, `:segments` and `:$inited`, which nobody else reads. Not tried here *.",
        ours: "An empty prefix is none, as in all other stores.",
        together: "Leave the prefix out in Ruby. A program that moves from such a table needs an `init`.",
    },
    Finding {
        key: "stale-dollar",
        title: "Node leaves rows whose key or prefix has a `$`",
        what: "Node's store, 4.0.0 and today's, does not remove stale rows with a `$` in their key or prefix: the flags stay.",
        ours: "Removes what is in the namespace and not in the data set.",
        together: "An `init` of any other store removes them. Choose prefixes without a `$`.",
    },
    Finding {
        key: "large-item",
        title: "An item over the size limit ends an init",
        what: "Python's, Ruby's and Node's 4.0.0 have no limit of their own. DynamoDB refuses the batch, and `init` ends half-way: the \
               table is not marked as initialized, or keeps an old mark over mixed data. Node logs it, and its SDK goes on as if all were well.",
        ours: "Drops the item and logs its key, as Go, Java, .NET and newer Nodes do.",
        together: "Let one of these write, or keep segments small: Big Segments hold large ones.",
    },
    Finding {
        key: "unprocessed",
        title: "Rows that DynamoDB leaves unprocessed are lost",
        what: "No official store sends again what BatchWriteItem returns as unprocessed, which happens under throttling. `init` reports success, \
               and rows are missing, perhaps the mark. (Those that run here have been seen to; Ruby's, Java's and .NET's by their sources.)",
        ours: "Sends again until all is stored, or fails and says how many are not.",
        together: "Tables with capacity to spare, or ours as the writer.",
    },
    Finding {
        key: "eventual-reads",
        title: "Reads that are not consistent",
        what: "Node's, Python's and Ruby's stores read single flags, and the row that refuses an upsert, with eventual consistency: what another \
               has just written may be missed, and the older item be cached. (Known from the sources; DynamoDB Local is always consistent.)",
        ours: "Reads are consistent unless `consistent_reads` is off.",
        together: "What was missed is read when the cache's time is over.",
    },
    Finding {
        key: "metadata-error",
        title: "Go's store 1.1.1 wants a time of Big Segments",
        what: "Where nobody has noted when Big Segments were synchronized, it answers with the error \"timestamp not found\"; the others know of no time.",
        ours: "Says that there is none: the SDK calls Big Segments stale.",
        together: "A Relay Proxy or a writer of ours that runs notes the time every 30 seconds.",
    },
    Finding {
        key: "large-kind",
        title: "Ruby cannot read a kind of more than 1 MB",
        what: "Ruby's store raises NoMethodError where DynamoDB answers a query in several pages, in `all` and in `init`. Not tried here *.",
        ours: "Reads all pages.",
        together: "Let ours be the store in Ruby, or keep flags and segments below 1 MB each for a table and prefix.",
    },
    Finding {
        key: "mark-beside-data",
        title: "The mark may come before the data",
        what: "Node's store of today sends all batches of an `init` at once, so that the table may be marked as initialized before its data is there. \
               Those of Go, Python, Ruby, Java and .NET put the mark in the last batch, beside data. Not tried here *.",
        ours: "Writes the mark alone, after everything else.",
        together: "Matters to the first `init` of a table alone: let ours make it, or start readers after it.",
    },
    Finding {
        key: "order-of-kinds",
        title: ".NET writes kinds in any order",
        what: ".NET's SDK sorts segments before flags and its wrapper of stores loses that order: a reader may see a flag before the segment \
               that it asks for. Not tried here *.",
        ours: "Writes segments, then flags after their prerequisites, whoever calls it in whatever order.",
        together: "Lasts as long as the `init`. Let another write where that matters.",
    },
    Finding {
        key: "initialized-raises",
        title: "Asking for the mark may raise",
        what: "Where the table cannot be asked, `initialized` raises in Python's, Ruby's and .NET's stores, out of the client's own calls; Go's, \
               Node's, Java's and C++'s say that it is not initialized. PHP's does not ask. Not tried here *.",
        ours: "The adapters, where the SDK asks them, say that it is not initialized, and log the reason.",
        together: "Nothing is to be done.",
    },
    Finding {
        key: "cache-keys",
        title: "PHP's cache has no prefix in its keys",
        what: "Two environments that share APCu or a PSR-6 pool serve each other's flags: the keys of the official store's cache have neither \
               table nor prefix. Not tried here *.",
        ours: "The adapter's keys have both, and what tells account and region.",
        together: "Both may share a pool: ours has other keys. For the official one alone, give each environment a pool of its own.",
    },
];
