#!/bin/sh
# Nightly maintenance from cron: resume last night's run, run the job, and print only what needs attention.
#
#   10 2 * * *  . $HOME/.workato-env && /srv/bulkops/nightly.sh /srv/bulkops/nightly.toml
#
# ~/.workato-env (mode 0600) exports WORKATO_API_TOKEN, WORKATO_HOST and a PATH with bulkops: a crontab is visible to
# others, and cron has a short PATH.
# cron mails the output, so a good night prints nothing. The exit code is that of the run.
set -u
job=$1
journal=${BULKOPS_JOURNAL:-${HOME}/.local/share/bulkops}
log=$(mktemp) && trap 'rm -f "$log"' EXIT

say() {
    echo "bulkops: $1"
    cat "$log"
}

if [ -d "$journal" ]; then
    # Without an unfinished run the exit code is 0. 5: a wave waits for approval, so the job must not start.
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
    3) say "halted: too many failures, or the same error many times in a row" ;;
    4) say "the vendor refuses the token" ;;
    5) say "paused: a wave waits for approval; bulkops resume --approve continues" ;;
    *) say "exit code $code" ;;
esac
exit "$code"
