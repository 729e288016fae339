using System.Text;

namespace AutoProvision.HostTests.Support;

/// <summary>A disk that boots, by BIOS, into nothing.</summary>
public static class BootSector
{
    private const int SectorBytes = 512;
    private const int DiskBytes = 1024 * 1024;
    private const int TextAt = 0x20;

    /// <summary>A 1 MiB raw disk whose boot sector writes <paramref name="text"/> (ASCII) to COM1 and halts for ever.</summary>
    public static byte[] Saying(string text)
    {
        byte[] code =
        [
            0x31, 0xC0,             // xor ax, ax
            0x8E, 0xD8,             // mov ds, ax
            0xBE, TextAt, 0x7C,     // mov si, 0x7C00 + TextAt
            0xBA, 0xF8, 0x03,       // mov dx, 0x3F8 (COM1)
            0xAC,                   // next: lodsb
            0x84, 0xC0,             // test al, al
            0x74, 0x03,             // jz halt
            0xEE,                   // out dx, al
            0xEB, 0xF8,             // jmp next
            0xFA,                   // halt: cli
            0xF4,                   // hlt
            0xEB, 0xFC,             // jmp halt
        ];
        var disk = new byte[DiskBytes];
        code.CopyTo(disk, 0);
        Encoding.ASCII.GetBytes(text).CopyTo(disk, TextAt);
        (disk[SectorBytes - 2], disk[SectorBytes - 1]) = (0x55, 0xAA);
        return disk;
    }
}
