#!/bin/sh
# Nightly maintenance from cron: take up what last night left, then run the job, and say only what a person must know.
#
#   10 2 * * *  . $HOME/.workato-env && /srv/bulkops/nightly.sh /srv/bulkops/nightly.toml
#
# ~/.workato-env (mode 0600) exports WORKATO_API_TOKEN and WORKATO_HOST: a crontab shows its lines to everyone.
# cron mails what is printed, so a good night prints nothing. The exit code is that of the run.
set -u
job=$1
journal=${BULKOPS_JOURNAL:-${HOME}/.local/share/bulkops}
log=$(mktemp) && trap 'rm -f "$log"' EXIT

say() {
    echo "bulkops: $1"
    cat "$log"
    bulkops report --journal "$journal" 2>/dev/null || true
}

if [ -d "$journal" ]; then
    # Nothing unfinished is exit code 0 too. 5: a wave waits for a person, which is no trouble, but nothing to go over.
    bulkops resume --journal "$journal" --yes --quiet >"$log" 2>&1
    code=$?
    if [ "$code" -gt 1 ]; then
        say "last night's run cannot be finished (exit code $code)"
        exit "$code"
    fi
fi

bulkops run "$job" --journal "$journal" --yes --quiet >"$log" 2>&1
code=$?
case $code in
    0) ;;
    1) say "some accounts failed" ;;
    3) say "halted: too many failures, or one and the same error again and again" ;;
    4) say "the vendor refuses the token" ;;
    5) say "paused: a wave waits for a person; bulkops resume --approve goes on" ;;
    *) say "exit code $code" ;;
esac
exit "$code"
