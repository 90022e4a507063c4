# Keeps one PostgreSQL cluster for a test process: does what the standard input says, a word a line, and when the
# input ends (the process is gone, in whatever way) ends the cluster and removes its folder.
# $1 folder  $2 folder of PostgreSQL's programs  $3 settings
dir=$1 bin=$2 settings=$3

# Its own child, so that it is waited for: a killed process that nobody waits for still seems to be there.
start_once() {
    "$bin/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= $settings >>"$dir/log" 2>&1 </dev/null &
    server=$!
    until "$bin/pg_isready" -q -h "$dir" -U mbs -d postgres; do
        # Ended; the shell may have taken note of it with another child already.
        if [ ! -e "/proc/$server" ] || grep -q '^State:.*Z' "/proc/$server/status"; then
            wait "$server"
            return 1
        fi
        sleep 0.05
    done
}

# Right after a kill the other processes may still hold the shared memory: once more, then.
start() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        start_once && return 0
        sleep 0.1
    done
    return 1
}

# $1 signal: INT closes sessions and ends in good order, QUIT at once, KILL as a power cut does.
stop() {
    all=$server
    # Without their first process the others would go on for a moment.
    [ "$1" = KILL ] && all="$server $(cat "/proc/$server/task/$server/children")"
    kill "-$1" $all
    wait "$server"
    return 0
}

while read -r word; do
    case $word in
        init) "$bin/initdb" -D "$dir/data" -U mbs -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 ;;
        certify) openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=localhost \
            -addext subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE \
            -keyout "$dir/key.pem" -out "$dir/cert.pem" >>"$dir/log" 2>&1 ;;
        start) start ;;
        kill) stop KILL ;;
        stop) stop INT ;;
    esac && echo done || echo failed
done
stop QUIT
rm -rf "$dir"
