#!/usr/bin/env bash
# Runs SLURM on this machine alone, without accounting, for the tests marked slurm, as root. Needs
# Debian's slurm-wlm and munge.
#   scripts/slurm_one_node.sh [start | stop]
set -euo pipefail

daemons=(slurmd slurmctld munged)
host=$(hostname -s)
state=/var/spool/slurm_one_node

wait_for() { # seconds, command
  local end=$((SECONDS + $1))
  shift
  until "$@" > /dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "waited in vain for: $*" >&2; exit 1; }
    sleep 0.5
  done
}

stop() { # only what this script started
  for daemon in "${daemons[@]}"; do
    [ -s "$state/$daemon.pid" ] || continue
    pid=$(cat "$state/$daemon.pid")
    [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = "$daemon" ] && kill "$pid"
    for _ in $(seq 60); do [ -d "/proc/$pid" ] || break; sleep 0.5; done
    rm -f "$state/$daemon.pid"
  done
}

case ${1:-start} in
  stop) stop; exit 0 ;;
  start) stop ;;
  *) sed -n '4p' "$0" >&2; exit 2 ;;
esac

mkdir -p /etc/slurm "$state/ctld" "$state/d" /run/munge /var/lib/munge /var/log/munge
memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
cat > /etc/slurm/slurm.conf << CONF
ClusterName=one
SlurmctldHost=$host
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$state/ctld
SlurmdSpoolDir=$state/d
SlurmctldPidFile=$state/slurmctld.pid
SlurmdPidFile=$state/slurmd.pid
SlurmctldLogFile=$state/slurmctld.log
SlurmdLogFile=$state/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=5
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=2
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
ReturnToService=2
MinJobAge=300
KillWait=5
NodeName=$host CPUs=$(nproc) RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF

[ -s /etc/munge/munge.key ] || head -c 1024 /dev/urandom > /etc/munge/munge.key
chmod 400 /etc/munge/munge.key
chown -R munge:munge /etc/munge /run/munge /var/lib/munge /var/log/munge
if ! pidof munged > /dev/null; then
  runuser -u munge -- /usr/sbin/munged
  pidof munged > "$state/munged.pid"
fi

slurmctld -i
slurmd
wait_for 60 bash -c 'sinfo --noheader --format=%T | grep -q -e idle -e mixed -e allocated'
