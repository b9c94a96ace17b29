#!/usr/bin/env bash
# Installs what Debian must provide for all tests: a browser for the tests of the page.
# Without it those tests skip with a reason. With "slurm" also what scripts/slurm_one_node.sh needs.
# Usage: scripts/install_system.sh [slurm] (as root, or with sudo)
set -euo pipefail

packages=(chromium)
[ "${1:-}" != slurm ] || packages+=(slurm-wlm munge)
missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
"${as_root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
