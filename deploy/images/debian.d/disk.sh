# shellcheck shell=bash
# From a directory to a bootable raw disk: GPT, BIOS boot partition with GRUB, ext4 root. Sourced.

# The root's type is the one systemd-repart looks for ("root" of x86-64).
readonly sector=512 boot_start=2048 boot_sectors=2048 root_start=4096
# Spelt out, because GRUB in Debian 12 cannot read what newer mke2fs switch on by themselves.
readonly ext4_features=has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize,metadata_csum

# write_disk ROOT-DIRECTORY DISK.raw SIZE-MIB
write_disk() {
  set -e
  local root=$1 disk=$2 mib=$3
  truncate -s "${mib}M" "$disk"
  partition "$disk"
  # The backup GPT takes the disk's last 33 sectors; one MiB keeps the file system aligned.
  # Tables initialised here, or the guest's kernel would do it in the background of its first minutes.
  mke2fs -q -t ext4 -O "none,$ext4_features" -L root -m 1 -d "$root" \
    -E "offset=$((root_start * sector)),lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0" \
    "$disk" "$((mib - 3))M"
  write_grub "$root/boot/grub/i386-pc" "$disk"
}

partition() {
  sfdisk --quiet "$1" <<EOF
label: gpt
start=$boot_start, size=$boot_sectors, type=21686148-6449-6E6F-744E-656564454649, name=bios-boot
start=$root_start, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root
EOF
}

# write_grub DIRECTORY DISK: what grub-bios-setup does, without needing a block device. The boot sector
# keeps at 0x5c where core.img starts (8 bytes); core.img's first sector keeps at 0x1f4 where its rest is.
# Offsets: GRUB_BOOT_MACHINE_KERNEL_SECTOR and the block list in include/grub/i386/pc/boot.h and diskboot.S.
write_grub() {
  local core=$1/core.img
  [ "$(stat -c %s "$core")" -le $((boot_sectors * sector)) ] || { echo "GRUB's core.img is too big" >&2; return 1; }
  dd if="$1/boot.img" of="$2" bs=1 count=440 conv=notrunc status=none
  little_endian $boot_start | dd of="$2" bs=1 seek=$((0x5c)) conv=notrunc status=none
  dd if="$core" of="$2" bs=$sector seek=$boot_start conv=notrunc status=none
  little_endian $((boot_start + 1)) | dd of="$2" bs=1 seek=$((boot_start * sector + 0x1f4)) conv=notrunc status=none
}

# little_endian NUMBER: as 8 bytes.
little_endian() {
  local n=$1 i
  for ((i = 0; i < 8; i++)); do
    # shellcheck disable=SC2059
    printf "\\x$(printf %02x $((n >> 8 * i & 255)))"
  done
}
