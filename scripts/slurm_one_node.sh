#!/usr/bin/env bash
# Runs SLURM on this machine alone, for the tests marked slurm, as root. Needs Debian's slurm-wlm
# and munge; for accounting slurmdbd and mariadb-server too.
#   scripts/slurm_one_node.sh [start | accounting | plain | stop]
# `plain` starts another one without accounting beside it, which its own commands see and those that
# join its mounts: nsenter --mount=/proc/$(cat /var/spool/slurm_one_node/plain/slurmd.pid)/ns/mnt
# (elsewhere sinfo finds the empty /etc/slurm/slurm.conf that these mounts need, or the other one).
set -euo pipefail

daemons=(plain/slurmd plain/slurmctld slurmd slurmctld slurmdbd mariadbd munged)
what=${1:-start}
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

stop() { # daemons: only what this script started
  for daemon in "$@"; do
    [ -s "$state/$daemon.pid" ] || continue
    pid=$(cat "$state/$daemon.pid")
    [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = "${daemon#*/}" ] && kill "$pid"
    for _ in $(seq 60); do [ -d "/proc/$pid" ] || break; sleep 0.5; done
    rm -f "$state/$daemon.pid"
  done
}

conf=/etc/slurm/slurm.conf
name=one
port=6817
storage=none
case $what in
  stop) stop "${daemons[@]}"; exit 0 ;;
  start) stop "${daemons[@]}" ;;
  accounting) stop "${daemons[@]}"; storage=slurmdbd ;;
  plain) stop plain/slurmd plain/slurmctld
    conf=/etc/slurm/plain.conf name=plain port=6827
    # Snakemake's jobs forget SLURM_CONF: to them this must be the configuration of the machine.
    if [ -z "${OWN_MOUNTS:-}" ]; then
      touch $conf /etc/slurm/slurm.conf
      OWN_MOUNTS=yes exec unshare --mount "$0" plain
    fi
    mount --bind $conf /etc/slurm/slurm.conf ;;
  *) sed -n '2,7p' "$0" >&2; exit 2 ;;
esac
own=$state
[ $name = one ] || own=$state/$name

mkdir -p /etc/slurm "$own/ctld" "$own/d" /run/munge /var/lib/munge /var/log/munge
memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
cat > $conf << CONF
ClusterName=$name
SlurmctldHost=$host
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$own/ctld
SlurmdSpoolDir=$own/d
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmctldPidFile=$own/slurmctld.pid
SlurmdPidFile=$own/slurmd.pid
SlurmctldLogFile=$own/slurmctld.log
SlurmdLogFile=$own/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=5
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=2
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/$storage
AccountingStorageHost=localhost
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

if [ "$storage" = slurmdbd ]; then
  mkdir -p /run/mysqld "$state/mysql"
  chown -R mysql:mysql /run/mysqld "$state/mysql"
  [ -d "$state/mysql/mysql" ] || mariadb-install-db --user=mysql --datadir="$state/mysql" > "$state/mysql.log"
  setsid mariadbd --no-defaults --user=mysql --datadir="$state/mysql" --skip-networking \
    --socket="$state/mysql/socket" --pid-file="$state/mysql/pid" >> "$state/mysql.log" 2>&1 &
  echo $! > "$state/mariadbd.pid"
  wait_for 60 mariadb-admin --socket="$state/mysql/socket" ping
  mariadb --socket="$state/mysql/socket" -e "CREATE DATABASE IF NOT EXISTS slurm_acct_db"
  install -m 600 /dev/null /etc/slurm/slurmdbd.conf
  cat > /etc/slurm/slurmdbd.conf << CONF
AuthType=auth/munge
DbdHost=localhost
SlurmUser=root
PidFile=$state/slurmdbd.pid
LogFile=$state/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
CONF
  MYSQL_UNIX_PORT=$state/mysql/socket slurmdbd
  wait_for 60 sacctmgr --noheader show cluster
  sacctmgr --immediate add cluster one > /dev/null || true
  sacctmgr --immediate add account tests > /dev/null || true
  sacctmgr --immediate add user root account=tests > /dev/null || true
fi

slurmctld -i
slurmd
wait_for 60 bash -c 'sinfo --noheader --format=%T | grep -q -e idle -e mixed -e allocated'
[ $name = one ] || echo "Seen only by: nsenter --mount=/proc/$(cat "$own/slurmd.pid")/ns/mnt COMMAND"
