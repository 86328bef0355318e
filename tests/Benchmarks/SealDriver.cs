using System.Diagnostics;
using System.Globalization;
using Survey.Domain;
using SurveyDispatcher;
using SurveyDispatcher.Storage;

namespace Benchmarks;

/// <summary>What the keys cost, alone and in a process of its own: <c>seal import|mail COUNT</c>.</summary>
internal static class SealDriver
{
    private const string Import = "import", Mail = "mail";
    private static readonly DiallingRule Germany = new("49", "0", 6, 11);

    /// <summary>The time of all that <see cref="Vault"/> does for so many rows of an extract, one after the other.</summary>
    public static double SecondsOfImport(int rows, CancellationToken stopping) => Seconds(Import, rows, stopping);

    /// <summary>The time of all that <see cref="Vault"/> does for so many mails, one after the other.</summary>
    public static double SecondsOfMail(int mails, CancellationToken stopping) => Seconds(Mail, mails, stopping);

    /// <summary>Prints the seconds that it took, without the start of the process.</summary>
    public static int Run(string[] arguments)
    {
        var count = int.Parse(arguments[1], NumberStyles.None, CultureInfo.InvariantCulture);
        using var vault = new Vault(KeyRing.New());
        var contact = new ContactData("Anneliese Müller-Lüdenscheidt", "anneliese.mueller@mail.example", "+49 30 901820123", "+49 171 3920123", "K. Weber");
        var (email, phone, mobile) = (EmailAddress.Parse(contact.Email)!, Number("+4930901820123"), Number("+491713920123"));
        var contactName = "1234567-invitation";
        var sealedContact = vault.Seal(contact);
        var began = Stopwatch.GetTimestamp();
        for (var n = 0; n < count; n++)
        {
            vault.Hash(email);
            if (arguments[0] == Import)
            {
                vault.Seal(contact);
                vault.Hash(phone);
                vault.Hash(mobile);
            }
            else
            {
                vault.UnsealContact(sealedContact); // when it is claimed
                vault.UnsealContact(sealedContact); // when it is composed
                vault.Mac(contactName);
                vault.Token(n);
            }
        }

        Console.WriteLine(Stopwatch.GetElapsedTime(began).TotalSeconds.ToString("F4", CultureInfo.InvariantCulture));
        return 0;
    }

    private static PhoneNumber Number(string e164) => PhoneNumber.Parse(e164, Germany, [Germany])!;

    private static double Seconds(string what, int count, CancellationToken stopping) => double.Parse(
        ChildProcess.Run("dotnet", [typeof(SealDriver).Assembly.Location, "seal", what, count.ToString(CultureInfo.InvariantCulture)], stopping).Output,
        CultureInfo.InvariantCulture);
}
