#!/bin/bash
# A private SLURM of one node, this machine, with two pretended GPUs; everything it writes lies in DIR.
#
#   slurm.sh start DIR    then SLURM_CONF=DIR/slurm.conf and DIR/bin in front of PATH are all that sbatch needs
#   slurm.sh stop DIR     cancels what runs there and leaves no process
#
# Where it cannot be, `start` says why in one line and exits with status 77.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin

unavailable() {
    echo "no SLURM here: $*" >&2
    exit 77
}

installed() {
    for program in munged slurmctld slurmd sbatch srun; do
        command -v "$program" >/dev/null || return 1
    done
}

install() {
    [ "$(id -u)" = 0 ] || unavailable "slurm-wlm and munge are not installed, and only root can install them"
    command -v apt-get >/dev/null || unavailable "slurm-wlm and munge are not installed, and there is no apt-get"
    # RUNLEVEL: the packages' own daemons are not to be started.
    local get=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -o DPkg::Lock::Timeout=300)
    local packages=(install -y --no-install-recommends slurm-wlm munge)
    "${get[@]}" "${packages[@]}" >"$dir/apt.log" 2>&1 && return
    { "${get[@]}" update && "${get[@]}" "${packages[@]}"; } >"$dir/apt.log" 2>&1 ||
        unavailable "apt-get could not install slurm-wlm and munge ($(grep -m 1 '^E:' "$dir/apt.log" || echo 'no reason given'))"
}

free_port() { # below those that the system hands out by itself
    local port
    while port=$((20000 + RANDOM % 12000)); do
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

configure() {
    mkdir -p "$dir"/{bin,state,spool,log,run,dev}
    touch "$dir/plugstack.conf"
    ln -sfn /dev/null "$dir/dev/gpu0" # a device must be one, and its name's number is what the job is told
    ln -sfn /dev/zero "$dir/dev/gpu1"
    (umask 077 && head -c 1024 /dev/urandom >"$dir/munge.key")
    cat >"$dir/slurm.conf" <<END
ClusterName=private
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
# A job that is requeued waits for its old credentials to expire, by default two minutes.
AuthInfo=socket=$dir/run/munge.socket,cred_expire=5
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
PlugStackConfig=$dir/plugstack.conf
MailProg=/bin/true

ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
KillWait=2
MinJobAge=300
JobRequeue=1

SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
# A job that is pre-empted first gets the signal that it asked for with --signal.
SlurmctldParameters=preempt_send_user_signal

GresTypes=gpu
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 RealMemory=64000 Gres=gpu:2 State=UNKNOWN
PartitionName=low Nodes=$host Default=YES MaxTime=60 PriorityTier=1 PreemptMode=REQUEUE GraceTime=60
PartitionName=high Nodes=$host MaxTime=60 PriorityTier=2 PreemptMode=OFF
END
    echo "NodeName=$host Name=gpu File=$dir/dev/gpu[0-1]" >"$dir/gres.conf"
    # Without a data base there is no accounting to ask, and submitit asks sacct how its jobs are.
    cat >"$dir/bin/sacct" <<'END'
#!/bin/bash
# Answers `sacct -o JobID,State,NodeList --parsable2 -j ID...` for jobs that the controller still knows.
echo 'JobID|State|NodeList'
squeue --noheader --array --states=all --format='%i|%T|%N'
END
    chmod +x "$dir/bin/sacct"
}

launch() {
    munged --force --key-file="$dir/munge.key" --socket="$dir/run/munge.socket" --pid-file="$dir/run/munged.pid" \
        --seed-file="$dir/run/munged.seed" --log-file="$dir/log/munged.log" &>"$dir/log/munged.out" &&
        slurmctld -c -f "$SLURM_CONF" &>"$dir/log/slurmctld.out" &&
        slurmd -c -f "$SLURM_CONF" &>"$dir/log/slurmd.out"
}

ready() {
    for _ in {1..100}; do
        [ "$(sinfo --noheader --partition=low --format=%T 2>/dev/null)" = idle ] && return
        sleep 0.2
    done
    return 1
}

start() {
    mkdir -p "$dir"
    installed || install
    configure
    launch && ready && return
    local said
    said=$(cat "$dir"/log/*.out "$dir"/log/*.log 2>/dev/null | grep -iE -m 1 'error|fatal' || true)
    stop
    unavailable "it did not start (${said:-no error in $dir/log})"
}

# The daemons, and the supervisors of jobs that outlive even scancel, by the configuration that they run with.
processes() {
    local environment process
    grep -lszxF "SLURM_CONF=$SLURM_CONF" /proc/[0-9]*/environ | while read -r environment; do
        process=${environment%/environ}
        case $(cat "$process/comm" 2>/dev/null) in munged | slurm*d) echo "${process#/proc/}" ;; esac
    done || true
}

stop() {
    timeout 5 scancel --user="$(id -un)" &>/dev/null || true
    for _ in {1..50}; do
        [ -n "$(timeout 5 squeue --noheader 2>/dev/null)" ] || break
        sleep 0.2
    done
    local signal=TERM
    for round in {1..50}; do
        local left
        left=$(processes)
        [ -n "$left" ] || return 0
        [ "$round" -lt 40 ] || signal=KILL
        kill -s "$signal" $left 2>/dev/null || true
        sleep 0.2
    done
    echo "still there: $left" >&2
    return 1
}

[ $# = 2 ] && [[ $1 =~ ^(start|stop)$ ]] || { sed -n '2,7s/^# \?//p' "$0"; exit 2; }
dir=$(realpath -m "$2")
host=$(hostname -s)
export SLURM_CONF=$dir/slurm.conf
"$1"
