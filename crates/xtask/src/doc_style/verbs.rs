//! The verbs with which the documentation of functions begins.

/// Verbs in the third person that are nothing else.
const VERBS: &str = "\
    Accepts Adds Allows Appends Applies Approves Archives Asks Asserts Attaches Authenticates Awaits Begins \
    Borrows Brings Builds Cancels Captures Carries Chooses Classifies Cleans Clears Clicks Clones Closes \
    Collects Combines Comes Commits Compares Compiles Completes Computes Configures Confirms \
    Connects Consumes Converts Creates Decides Declares Decodes Decrypts Deletes Denies Deprecates \
    Derives Describes Deserializes Detaches Disables Discards Discovers Does Draws Emits Empties \
    Enables Encodes Encrypts Ensures Escapes Evaluates Expands Expects Explains Extends Extracts \
    Fails Fetches Fills Finds Finishes Follows Forgets Generates Gets Gives Goes Hides Identifies \
    Ignores Injects Inserts Inspects Installs Interprets Invents Joins Keeps Leaves Lets Listens \
    Loads Lowers Makes Manages Merges Mistypes Normalises Notifies Opens Overrides Parses Pauses \
    Prepares Prevents Prints Proves Provides Publishes Pushes Puts Recognises Redeems Redirects \
    Refreshes Refuses Registers Rejects Remembers Removes Renders Renews Replaces Replays Requires \
    Resets Resolves Restarts Restores Restricts Resumes Returns Revokes Rewrites Rotates Saves \
    Says Seals Selects Sends Serializes Serves Shuts Simulates Skips Sleeps Spawns Speaks Strips \
    Submits Subscribes Substitutes Suggests Suspends Takes Tells Touches Transforms Translates \
    Trims Truncates Validates Verifies Visits Waits Wakes Warns Wraps Writes Yields";

/// Verbs in the third person that are plurals of nouns as well.
const VERBS_AND_NOUNS: &str = "\
    Advances Answers Blocks Bounds Breaks Calls Changes Checks Claims Copies Counts Cuts Delays \
    Drops Ends Exchanges Filters Folds Formats Grants Guards Handles Hands Hashes Holds Issues \
    Limits Links Lists Locks Logs Looks Maps Marks Masks Matches Measures Moves Names Notes Passes \
    Picks Plans Plants Plays Polls Posts Presses Probes Processes Queues Quotes Ranks Reads \
    Releases Repeats Reports Requests Retries Rolls Rounds Routes Runs Schedules Searches Sets \
    Shares Shows Signs Sorts Splits Stalls Starts Stops Stores Streams Stubs Swaps Sweeps Switches \
    Tests Traces Tracks Tries Trusts Turns Updates Uses Walks Watches";

/// Tells whether a word is a verb that may begin the documentation of a function. Before `of`, a
/// word that may be a noun is one: "Names of users".
pub(super) fn is_verb(word: &str, next: &str) -> bool {
    let may_be_noun = VERBS_AND_NOUNS.split(' ').any(|verb| verb == word);
    is_nothing_but_verb(word) || may_be_noun && next != "of"
}

/// Tells whether a word is such a verb, and cannot be the plural of a noun.
pub(super) fn is_nothing_but_verb(word: &str) -> bool {
    VERBS.split(' ').any(|verb| verb == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verb_stands_once_and_in_its_place() {
        for list in [VERBS, VERBS_AND_NOUNS] {
            let verbs: Vec<_> = list.split(' ').collect();
            assert!(verbs.is_sorted_by(|one, next| one < next), "{list}");
        }
        assert!(VERBS.split(' ').all(|verb| !VERBS_AND_NOUNS.split(' ').any(|it| it == verb)));
    }
}
