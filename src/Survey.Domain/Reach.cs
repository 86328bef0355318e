namespace Survey.Domain;

/// <summary>What stands on the suppression list about one address or number.</summary>
[Flags]
public enum Suppression
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The customer asked not to be contacted this way.</summary>
    OptOut = 1,

    /// <summary>The address is dead, or the number does not work.</summary>
    Dead = 2,

    /// <summary>The customer asked not to be contacted in any mode.</summary>
    All = 4,

    /// <summary>The customer's data was erased: what comes in again is not kept. Always together with <see cref="All"/>.</summary>
    Erased = 8,
}

/// <summary>Why an e-mail address or a phone can or can't be used.</summary>
public enum Usability
{
    /// <summary>It can be used.</summary>
    Usable,

    /// <summary>There is none, or it is not a valid one.</summary>
    None,

    /// <summary>It is a placeholder (e-mail only).</summary>
    Placeholder,

    /// <summary>The customer does not want it.</summary>
    OptedOut,

    /// <summary>It was found dead.</summary>
    Dead,
}

/// <summary>The addresses of a row as values: what could be used if no list spoke against it.</summary>
/// <param name="Email">The address when it is valid and no placeholder.</param>
/// <param name="EmailState">Why <paramref name="Email"/> is null, else <see cref="Usability.Usable"/>.</param>
/// <param name="Phone1">The first number, if valid.</param>
/// <param name="Phone2">The second number, if valid and another one.</param>
public sealed record ContactPoints(EmailAddress? Email, Usability EmailState, PhoneNumber? Phone1, PhoneNumber? Phone2)
{
    /// <summary>Reads a row's contact data by the rules of its market.</summary>
    public static ContactPoints From(ContactData contact, Market market, Programme programme)
    {
        var email = EmailAddress.Parse(contact.Email);
        var state = email is null ? Usability.None : programme.Placeholders.Matches(email) ? Usability.Placeholder : Usability.Usable;
        var phone1 = PhoneNumber.Parse(contact.Phone1, market.Dialling, programme.DiallingRules);
        var phone2 = PhoneNumber.Parse(contact.Phone2, market.Dialling, programme.DiallingRules);
        return new ContactPoints(state == Usability.Usable ? email : null, state, phone1, phone2 == phone1 ? null : phone2);
    }
}

/// <summary>How a customer can be reached today: the contact points against the lists and the row's flags.</summary>
/// <param name="Email">The address, when it may be used.</param>
/// <param name="EmailState">Why it may not, else <see cref="Usability.Usable"/>.</param>
/// <param name="Phone1">The number to dial: the first usable one.</param>
/// <param name="Phone2">Another usable number.</param>
/// <param name="PhoneState">Why there is no number, else <see cref="Usability.Usable"/>.</param>
/// <param name="OptedOut">The customer asked for no contact in any mode.</param>
public sealed record Reach(
    EmailAddress? Email, Usability EmailState, PhoneNumber? Phone1, PhoneNumber? Phone2, Usability PhoneState, bool OptedOut)
{
    /// <summary>Whether an e-mail may be sent.</summary>
    public bool ByEmail => EmailState == Usability.Usable;

    /// <summary>Whether the customer may be called.</summary>
    public bool ByPhone => PhoneState == Usability.Usable;

    /// <summary>The same without the points themselves: enough to decide, and too little to contact anybody.</summary>
    public static Reach Anonymous(Usability email, Usability phone, bool optedOut) => new(null, email, null, null, phone, optedOut);

    /// <summary>Applies the row's flags and what the suppression list says of each point.</summary>
    public static Reach Of(
        ContactPoints points, bool emailOptOut, bool phoneOptOut, Suppression email, Suppression phone1, Suppression phone2)
    {
        var emailState = points.Email is null ? points.EmailState : State(emailOptOut, email);
        if (points.Email is null && emailOptOut && points.EmailState == Usability.None)
        {
            emailState = Usability.OptedOut;
        }

        var state1 = points.Phone1 is null ? Usability.None : State(phoneOptOut, phone1);
        var state2 = points.Phone2 is null ? Usability.None : State(phoneOptOut, phone2);
        var first = state1 == Usability.Usable ? points.Phone1 : null;
        var second = state2 == Usability.Usable ? points.Phone2 : null;
        var phoneState = first is not null || second is not null ? Usability.Usable
            : phoneOptOut || state1 == Usability.OptedOut || state2 == Usability.OptedOut ? Usability.OptedOut
            : state1 == Usability.Dead || state2 == Usability.Dead ? Usability.Dead
            : Usability.None;
        return new Reach(
            emailState == Usability.Usable ? points.Email : null,
            emailState,
            first ?? second,
            first is null ? null : second,
            phoneState,
            (emailOptOut && phoneOptOut) || ((email | phone1 | phone2) & Suppression.All) != 0);
    }

    private static Usability State(bool flagged, Suppression suppression) =>
        flagged || (suppression & (Suppression.OptOut | Suppression.All)) != 0 ? Usability.OptedOut
        : (suppression & Suppression.Dead) != 0 ? Usability.Dead
        : Usability.Usable;
}
